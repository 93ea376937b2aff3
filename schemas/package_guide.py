"""The text of `VERIFY.md` in every package: what each check means, by hand, and what is not proven."""

GUIDE = """\
# 如何核验本证据包 · How to check this package

本包是一个只存储、不压缩的 zip，也是一个 BagIt 袋（RFC 8493）。核验不需要服务器，也不需要出具方配合。
This package is a stored zip and a BagIt bag (RFC 8493). Checking it needs neither the server nor its operator.

## 一、只用 sha256sum：字节未变 · Bytes, with sha256sum only
    unzip -q PACKAGE.zip -d package && cd package
    sha256sum -c manifest-sha256.txt       # 原件、缩略图、清单 originals, derivatives, manifests
    sha256sum -c tagmanifest-sha256.txt    # 其余文件 all other files
    sha256sum tagmanifest-sha256.txt       # 应等于 package.note 中的值 must equal the value in package.note
任何人都能重做这一步所检查的清单，所以还要做第二步。
Anybody can re-make the lists that this step checks, hence the second step.

## 二、用 openssl：谁签的名 · Who signed, with openssl
公钥必须从本包以外的途径取得（信任文件）。包内的公钥不能证明自己。
Public keys must come from outside of this package (the trust file). A key inside cannot vouch for itself.

- `package.note`：C2SP signed note。签名行 base64 的前 4 字节是密钥标识，后 64 字节是 Ed25519 签名，
  签的是空行之前的全部文字（含末尾换行）。信任文件 trust.json 中 export_vkey 末段 base64 的后 32 字节是公钥。
  The first 4 bytes of the signature line's base64 are the key id, the next 64 the Ed25519 signature over the
  text before the blank line. The public key is the last 32 bytes of the base64 in export_vkey of trust.json.

    sed '/^$/,$d' package.note > ../note.txt
    sed -n '/^$/,$p' package.note | awk 'NF == 3 { print $3 }' | base64 -d | tail -c 64 > ../note.sig
    printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000' > ../key.der
    sed -n 's/.*"export_vkey": *"[^+"]*+[0-9a-f]*+\\([^"]*\\)".*/\\1/p' ../trust.json \\
        | base64 -d | tail -c 32 >> ../key.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey ../key.der -rawin -in ../note.txt -sigfile ../note.sig

- `keys/<kid>.json`：设备公钥与登记机构的签名（Ed25519，签的是 registration 的 RFC 8785 字节）。
  The device's public key and the registry's Ed25519 signature over the RFC 8785 bytes of `registration`.
- `data/manifests/<sha256>.json` 与 `.jws`：设备签名的采集清单（RFC 7515 分离签名，ES256）。
  The capture manifest and the device's detached JWS (RFC 7515 appendix F, ES256).

## 三、只用 sha256sum 和 jq：逐条记录 · Each leaf, with sha256sum and jq only
- `log/leaves.jsonl`：本案及其证据、设备、人员的存证记录，每行一条；
  leaf 是记录的字节，其 SHA-256 即 digest，也就是日志所载。
  The leaves of the case, its evidence, devices and people, one a line; the SHA-256 of `leaf` is its digest.

    jq -r 'select(.leaf) | .leaf' log/leaves.jsonl | head -n 1 | base64 -d | sha256sum
    jq -r 'select(.leaf) | .digest' log/leaves.jsonl | head -n 1      # 应相同 must be the same

- `log/openings.jsonl`：人写的文字；opening 的 SHA-256 即该记录 salted 中的承诺值。
  What people wrote; the SHA-256 of an opening is what `salted` of its leaf states.

    jq -cS .opening log/openings.jsonl | head -n 1 | tr -d '\\n' | sha256sum

- 记录按事物编号成链：n 从 1 起、不缺号，prev 是前一条之后的链头。每条链到 `log/chains.txt` 所载的终点为止；
  `log/hidden.txt` 写明哪些不予展示、理由为何。两者的 SHA-256 都在 export:request 中：
  本案的链以它结束，由申请人写成，不由制作者。
  The leaves of a thing are numbered from 1 without a hole, each states the head before it. Every chain goes up to
  where `log/chains.txt` says; `log/hidden.txt` says what is not shown and why. The SHA-256 of both stands in
  export:request, with which the case's chain ends: the word of whoever asked, never of whoever built.
- export:request 的 reads 写明申请时日志已载有多少次查看（打开、下载、取走）；sha256 由这些记录的摘要按日志次序
  逐行相连所得。查看记录本身不在包内。
  `reads` of export:request says how many looks at this evidence the log held then (opened, downloaded, fetched); its
  sha256 is that of their digests, one a line, in the order of the log. None of them is in the package.
- 不予展示的一条仍有编号、摘要、事件名与理由：能藏住写了什么，藏不住有这一条、是哪一类。
  A withheld leaf keeps number, digest, event and ground: what it says can be hidden, not that it is there.

## 四、用本系统命令或任何 C2SP 工具：日志 · The log, with our command or any C2SP tool
    quancheng verify PACKAGE.zip --trust trust.json
- `log/<digest>.tlog-proof`：该记录在已签名检查点中的包含证明（c2sp.org/tlog-proof@v1），叶哈希为 SHA-256(0x00 || digest)。
  The proof that the leaf is in the tree of the signed checkpoint; its entry hash is SHA-256(0x00 || digest).
- `log/checkpoint`：日志签名的检查点。The checkpoint, signed by the log.
- `log/catalogue.json`、`leaf.schema.json`：现行规则；其 SHA-256 在日志自身的链中。
  The rules in force; their SHA-256 stands in the log's own chain.
- `data/intakes/<sha256>.json` 与 `.sig`：服务器收到一批非现场监管记录时签名的清单；`data/monitoring/<id>.json` 是其中一行，
  `.path.json` 是其盐值与 RFC 6962 路径，因此不必出示同批的其他行，也无从猜测。
  The manifest the server signed when a batch of monitoring records arrived, one row of it, and its salt and path:
  no other row of the batch is disclosed, and none can be guessed.
- `data/reviews/<id>.json`：法制审核一轮所依据的证据清单，其 SHA-256 在 case:submit 中。
  What one round of legal review rested on; its SHA-256 stands in case:submit.
- `data/index.json` 只说明哪个文件属于什么，不陈述任何事实。`index.json` says which file belongs to what, and nothing else.

命令从记录重新推得案件的全部状态，再打印；不认识的事件使其状态“自该处起不明”，并有单独的退出码 4。
The command folds the leaves into the state of everything and prints that. An event it does not know makes the state
"not understood from there", with an exit code of its own: 4.

每项结论只有三种：通过 verified、不符 mismatch、未检查 not_checked（并说明原因）。没有检查的不算通过。
Every claim is verified, mismatch or not checked, with the reason. What was not checked never counts as passed.

## 五、本包不能证明什么 · What this package does not prove
- 现场是真实的。That the scene was real.
- 执法人员如实陈述。That the officers told the truth.
- 设备首次联系服务器之前的时钟准确。That the device's clock was right before its first contact.
- 外部时间：检查点没有第三方时间戳，时间由出具方服务器声明。
  Outside time: no third party has stamped the checkpoint; its time is the operator's own statement.
- 日志对所有人是同一份：没有外部见证人共签。
  That everybody sees the same log: no outside witness has cosigned it.
- 所写的文字属实：存证只证明何人何时写下了什么。That what was written is true: only who wrote what, and when.
- 导出申请之后本案没有新的记录。That nothing about the case was recorded after the request.
"""
