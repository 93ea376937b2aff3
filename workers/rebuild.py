"""The log of a restored database is rebuilt, and told: how many entries came back, and what no rebuild brings."""

from storage.custody.anchor import Anchors, published
from storage.custody.laid import Laying
from storage.custody.log_keys import log_keys, log_signers, require_log
from storage.custody.rebuild import Rebuilder
from storage.store import Store
from workers.fsck import Teller
from workers.keys import require_idle

OK = 0


def run(store: Store, say: Teller) -> int:
    """Rebuild the log, in one transaction; done again it finds nothing to do.

    Raises:
        Invalid: something still runs (slug `keys-busy`).
        EvidenceError: as `storage.custody.rebuild.Rebuilder.run`, or the log is of another name or key than is set up.
    """
    require_idle(store)
    with store.begin() as tx:
        keys = log_keys(tx.connection)
        # A backup of before an exchange knows the old key alone; the pieces say which one it gave way to.
        signers = log_signers(tx.connection, store.settings) if keys is None else keys.signers
        anchors = Anchors(store.objects, store.settings.quancheng_home, signers)
        done = Rebuilder(tx.connection, anchors).run(tx.now)
        require_log(tx.connection, store.settings)
    _lay_out(store, anchors.opened)
    seen = {"before": done.before, "size": done.size, "overtaken": done.overtaken}
    if done.size == done.before:
        say("log_whole", f"✓ 日志完整，共 {done.size} 条 the log is whole: {done.size} entries", **seen)
        return OK
    say(
        "log_rebuilt",
        f"✓ 日志已从 {done.before} 条恢复到 {done.size} 条 rebuilt from {done.before} to {done.size} entries",
        **seen,
    )
    if done.overtaken:
        text = f"! 恢复备份之后写入的 {done.overtaken} 条与之不接续，签署进程将拒绝收录，须重新办理"
        text += " entries made since the restore follow on nothing: they will be refused, act again"
        say("overtaken", text, count=done.overtaken)
    text = "→ 请运行 quancheng fsck：它指出恢复的数据库还缺哪些业务数据和文字"
    say("next", f"{text} run quancheng fsck: it names the rows and texts that the restored database lacks")
    return OK


def _lay_out(store: Store, vkey: str) -> None:
    """Put every tile and bundle that was told again: what the evidence store lost comes back, what it has is success."""
    laying = Laying(store.objects, vkey, from_start=True)
    while True:
        with store.begin() as tx:
            last, at = published(tx.connection), tx.now
            if last is None:
                return
            laid = laying.next(tx.connection, last.size)
        laying.keep(laid, at)
        if laid.is_whole:
            return
