r"""The text of `VERIFY.md` in every package: what each check means, by hand, and what is not proven.

Every fenced block is run by a test on a package, one after the other, with `unzip`, `sha256sum`, `openssl` and
`python3` without a library. They need the package and `trust.json` side by side, and end at the first that fails.
"""

GUIDE = r"""# 如何核验本证据包 · How to check this package

本包是一个只存储、不压缩的 zip，也是一个 BagIt 袋（RFC 8493）。核验不需要服务器，也不需要出具方配合。
This package is a stored zip and a BagIt bag (RFC 8493). Checking it needs neither the server nor its operator.

把本包与信任文件 trust.json 放在同一文件夹，文件名和展开的文件夹都以案号开头。以下各段依次执行，任何一条出错即为不符。
Lay the package and the trust file side by side; file and folder begin with the case's number. Run the blocks in turn; any
line that fails is a failure.

## 一、只用 sha256sum：字节未变 · Bytes, with sha256sum only
```sh
PACKAGE='PACKAGE'                        # 本包的文件名，不含 .zip  the package's name, without .zip
unzip -q "$PACKAGE.zip" -d "$PACKAGE" && cd "$PACKAGE"
sha256sum -c --quiet manifest-sha256.txt       # 原件、缩略图、清单 originals, derivatives, manifests
sha256sum -c --quiet tagmanifest-sha256.txt    # 其余文件 all other files
grep -qx "tagmanifest-sha256 $(sha256sum < tagmanifest-sha256.txt | cut -c 1-64)" package.note
```
任何人都能重做这一步所检查的清单，所以还要做第二步。
Anybody can re-make the lists that this step checks, hence the second step.

## 二、用 openssl：谁签的名 · Who signed, with openssl
公钥必须从本包以外的途径取得（信任文件）。包内的公钥不能证明自己。
Public keys must come from outside of this package (the trust file). A key inside cannot vouch for itself.

`package.note` 和 `log/checkpoint` 是 C2SP signed note：签的是空行之前的全部文字（含末尾换行）；签名行依次是名称和 base64，
其前 4 字节是密钥标识，后 64 字节是 Ed25519 签名。可以另有他人（见证人、后来的密钥）的签名行，只看信任文件中那把密钥的。
Both are C2SP signed notes: the text before the blank line is signed; a signature line is a name and base64 of a key id, 4
bytes, and an Ed25519 signature, 64. Others may have signed, too: the line of the key in the trust file is the one to check.
```sh
ed25519() {  # FILE SIGNATURE, both in files, and the 32 bytes of the public key on stdin
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat; } > ../key.der
  openssl pkeyutl -verify -pubin -keyform DER -inkey ../key.der -rawin -in "$1" -sigfile "$2"
}
note() {     # FILE, and which key of trust.json
  vkey=$(sed -n 's/.*"'"$2"'": *"\([^"]*\)".*/\1/p' ../trust.json)
  id=$(printf '%s' "$vkey" | cut -d + -f 2)
  sed '/^$/,$d' "$1" > ../note.txt
  sed '1,/^$/d' "$1" | awk -v name="${vkey%%+*}" '$2 == name { print $3 }' | while read -r line; do
    found=$(printf '%s' "$line" | base64 -d | head -c 4 | od -An -tx1 | tr -d ' ')
    if [ "$found" = "$id" ]; then printf '%s' "$line" | base64 -d | tail -c 64 > ../note.sig; fi
  done
  printf '%s' "$vkey" | cut -d + -f 3- | base64 -d | tail -c 32 | ed25519 ../note.txt ../note.sig
  rm ../note.sig
}
note package.note export_vkey
note log/checkpoint log_vkey
```
- `keys/<kid>.json`：设备公钥与登记机构的签名（Ed25519，签的是 registration 的 RFC 8785 字节）。
  The device's public key and the registry's Ed25519 signature over the RFC 8785 bytes of `registration`.
- `data/manifests/<sha256>.json` 与 `.jws`：设备签名的采集清单（RFC 7515 附录 F 分离签名，ES256）。
  The capture manifest and the device's detached JWS (RFC 7515 appendix F, ES256).
- `data/intakes/<sha256>.json` 与 `.sig`：登记机构签名的批次清单（Ed25519）。
  The manifest of a batch of monitoring rows, signed by the registry (Ed25519).
```sh
cat > ../signed.py <<'END'
import base64, glob, json
def put(name, raw): open('../' + name, 'wb').write(raw)
def url(text): return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
def der(*ints):
    raws = [one.to_bytes(one.bit_length() // 8 + 1, 'big') for one in ints]
    parts = b''.join(b'\2' + bytes([len(raw)]) + raw for raw in raws)
    return b'0' + bytes([len(parts)]) + parts
put('registry.key', base64.b64decode(json.load(open('../trust.json'))['registry_key']))
for n, name in enumerate(sorted(glob.glob('keys/*.json'))):
    key = json.load(open(name, encoding='utf-8'))
    said = json.dumps(key['registration'], ensure_ascii=False, separators=(',', ':'), sort_keys=True)
    put(f'registration.{n}', said.encode()), put(f'registration.{n}.sig', base64.b64decode(key['signature']))
for n, name in enumerate(sorted(glob.glob('data/intakes/*.sig'))):
    put(f'intake.{n}', open(name[:-4] + '.json', 'rb').read()), put(f'intake.{n}.sig', base64.b64decode(open(name).read()))
for n, name in enumerate(sorted(glob.glob('data/manifests/*.jws'))):
    head, _, sig = open(name).read().split('.')
    jwk = json.load(open('keys/' + json.loads(url(head))['kid'] + '.json'))['registration']['jwk']
    body = base64.urlsafe_b64encode(open(name[:-4] + '.json', 'rb').read()).rstrip(b'=')
    put(f'manifest.{n}', head.encode() + b'.' + body)
    put(f'manifest.{n}.sig', der(int.from_bytes(url(sig)[:32], 'big'), int.from_bytes(url(sig)[32:], 'big')))
    spki = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d03010703420004')
    put(f'manifest.{n}.key', spki + url(jwk['x']) + url(jwk['y']))
END
python3 ../signed.py
for one in $(ls ../registration.*.sig ../intake.*.sig 2> ../none); do ed25519 "${one%.sig}" "$one" < ../registry.key; done
for one in $(ls ../manifest.*.sig 2> ../none); do
  openssl dgst -sha256 -verify "${one%.sig}.key" -keyform DER -signature "$one" "${one%.sig}"
done
```

## 三、用四十行 Python：逐条记录与日志 · Each leaf and the log, with forty lines of Python
- `log/leaves.jsonl`：本案及其证据、设备、人员的存证记录，每行一条；
  leaf 是记录的字节，其 SHA-256 即 digest，也就是日志所载。
  The leaves of the case, its evidence, devices and people, one a line; the SHA-256 of `leaf` is its digest.
- `log/<digest>.tlog-proof`：该记录在已签名检查点中的包含证明（c2sp.org/tlog-proof@v1），叶哈希为 SHA-256(0x00 || digest)。
  The proof that the leaf is in the tree of the signed checkpoint; its entry hash is SHA-256(0x00 || digest).
- `log/openings.jsonl`：人写的文字；opening 的 SHA-256 即该记录 salted 中的承诺值。
  What people wrote; the SHA-256 of an opening is what `salted` of its leaf states.
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
```sh
cat > ../check.py <<'END'
import glob, hashlib, json
from base64 import b64decode as b64
def sha(raw): return hashlib.sha256(raw).digest()
def read(name): return open(name, 'rb').read()
def rooted(found, at, last, path):                                       # RFC 9162 section 2.1.3.2
    for one in path:
        if at % 2 or at == last:
            found = sha(b'\1' + one + found)
            while at and not at % 2: at, last = at // 2, last // 2
        else: found = sha(b'\1' + found + one)
        at, last = at // 2, last // 2
    return found if last == 0 else None
_, size, root = read('log/checkpoint').decode().split('\n')[:3]
leaves, places, head0 = {}, {}, b'quancheng-chain-v1\n'
for line in map(json.loads, read('log/leaves.jsonl').splitlines()):
    digest, index = line['digest'], line['index']
    said, *path = read(f'log/{digest}.tlog-proof').split(b'\n\n')[0].split(b'\n')[1:]
    leaf = rooted(sha(b'\0' + bytes.fromhex(digest)), index, int(size) - 1, map(b64, path))
    assert said == b'index %d' % index and leaf == b64(root), f'{digest} is not in the log'
    told = {'event': line.get('event'), 'chains': [line]}
    if 'leaf' in line:
        leaves[digest] = told = json.loads(b64(line['leaf']))
        assert sha(b64(line['leaf'])).hex() == digest, f'{digest} was altered'
    for place in told['chains']: places.setdefault(place['of'], []).append((place['n'], digest, told['event']))
for of, n, end in (line.split() for line in read('log/chains.txt').decode().splitlines()):
    turns, head = sorted(places[of])[:int(n)], sha(head0 + of.encode() + b'\n')
    for _, digest, event in turns: head = sha(head0 + head + bytes.fromhex(digest) + event.encode() + b'\n')
    assert [turn[0] for turn in turns] == list(range(1, int(n) + 1)) and head.hex() == end, f'{of} has a hole'
asked = [leaf for leaf in leaves.values() if leaf['event'] == 'export:request'][-1]
for name in ('chains', 'hidden'): assert sha(read(f'log/{name}.txt')).hex() == asked['facts'][name + '_sha256'], name
for line in map(json.loads, read('log/openings.jsonl').splitlines()):
    opening = json.dumps(line['opening'], ensure_ascii=False, separators=(',', ':'), sort_keys=True)
    assert sha(opening.encode()).hex() in json.dumps(leaves[line['leaf']]['salted']), f'{opening} opens nothing'
for leaf in leaves.values():
    for name in glob.glob('data/originals/' + leaf['subject'].partition('/')[2] + '/*'):
        assert leaf['facts'].get('sha256', sha(read(name)).hex()) == sha(read(name)).hex(), f'{name} is another file'
print(len(leaves), 'leaves,', len(places), 'chains, as of', asked['at'])
END
python3 ../check.py
```

## 四、用本系统命令或任何 C2SP 工具 · With our command or any C2SP tool
```sh
quancheng verify "../$PACKAGE.zip" --trust ../trust.json
```
- `log/checkpoint`：日志签名的检查点。The checkpoint, signed by the log.
- `log/tiles.txt`：树的末端。信任文件中若有较早的检查点，由它推得两者同属一部日志；日志被回退或改写过的，推不出。
  信任文件较新的，用其中的 tiles；相距更远的，向日志取得 `/v1/log/consistency?first=…&second=…`，再加 `--consistency`。
  The end of the tree: proves that the log goes on from an older checkpoint of the trust file, which one that was rolled
  back or rewritten does not. A newer trust file carries its own; further apart the log answers with the proof.
- `log/catalogue.json`、`leaf.schema.json`：现行规则；其 SHA-256 在日志自身的链中。
  The rules in force; their SHA-256 stands in the log's own chain.
- `data/monitoring/<id>.json` 是批次中的一行，`.path.json` 是其盐值与 RFC 6962 路径，因此不必出示同批的其他行，也无从猜测。
  One row of a batch, and its salt and path: no other row of the batch is disclosed, and none can be guessed.
- `data/reviews/<id>.json`：法制审核一轮所依据的证据清单，其 SHA-256 在 case:submit 中。
  What one round of legal review rested on; its SHA-256 stands in case:submit.
- `data/index.json` 只说明哪个文件属于什么，不陈述任何事实。`index.json` says which file belongs to what, and nothing else.

命令从记录重新推得案件的全部状态，再打印；每项结论都写明由谁保证：设备、登记机构、日志，还是仅出具方密钥。
退出码：0 通过；1 不符；2 用法错误；3 字节完整、来源未知（没有信任文件，或两个检查点之间没有证明）；4 含不认识的记录版本。
The command folds the leaves into the state of everything and prints that, each claim with whose word it is. Exit: 0 holds,
1 fails, 2 used wrongly, 3 the bytes hold and the origin is unknown, 4 a leaf of a version it does not know.

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
- 没有人绕过本系统读取过这些证据：存证只记载经由本系统的查看。
  That nobody read the evidence past the product: only looks through it are recorded.
- 导出申请之后本案没有新的记录。That nothing about the case was recorded after the request.
"""
