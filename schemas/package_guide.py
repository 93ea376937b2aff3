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

## 三、用本系统命令或任何 C2SP 工具：日志 · The log, with our command or any C2SP tool
    quancheng verify PACKAGE.zip --trust trust.json
- `log/entries.jsonl`：与本案有关的存证日志条目，leaf 是进入日志的原始字节。
  The custody entries of this case; `leaf` is what was hashed: SHA-256(0x00 || leaf), RFC 6962.
- `log/<entry>.tlog-proof`：该条目在已签名检查点中的包含证明（c2sp.org/tlog-proof@v1）。
  The proof that the entry is in the tree of the signed checkpoint.
- `log/checkpoint`：日志签名的检查点。The checkpoint, signed by the log.
- `data/intakes/<sha256>.json` 与 `.sig`：服务器收到一批非现场监管记录时签名的清单；`data/monitoring/<id>.json` 是其中一行，
  其盐值与 RFC 6962 路径在 `index.json` 的 desks 中：树叶为 SHA-256(0x00 || 16 字节盐 || 行)，因此不会泄露同批的其他行。
  The manifest the server signed when a batch of monitoring records arrived, and one row of it; salt and path of the row
  are in `desks` of `index.json`. A leaf of the tree is SHA-256(0x00 || salt of 16 bytes || row), so that no other row
  of the batch is disclosed.
- `data/reviews/<id>.json`：法制审核一轮所依据的证据清单，其 SHA-256 在日志的 case:submit 条目中。
  What one round of legal review rested on; its SHA-256 stands in the case:submit entry of the log.
- desks 中的理由、意见附有盐值：SHA-256（盐 + 文字）即日志中的承诺值，日志本身不含文字。
  Texts in `desks` travel with their salts: the log holds only the commitment.

每项结论只有三种：通过 verified、不符 mismatch、未检查 not_checked（并说明原因）。没有检查的不算通过。
Every claim is verified, mismatch or not checked, with the reason. What was not checked never counts as passed.

## 四、本包不能证明什么 · What this package does not prove
- 现场是真实的。That the scene was real.
- 执法人员如实陈述。That the officers told the truth.
- 设备首次联系服务器之前的时钟准确。That the device's clock was right before its first contact.
- 外部时间：检查点没有第三方时间戳，时间由出具方服务器声明。
  Outside time: no third party has stamped the checkpoint; its time is the operator's own statement.
- 日志对所有人是同一份：没有外部见证人共签。
  That everybody sees the same log: no outside witness has cosigned it.
- 案件的当事人、案由、地点等文字，以及设备名称与设备登记缺陷（gate_faults）：日志中没有，仅由出具方密钥声明。
  The case's texts (party, matter, place) and what the register said of equipment (name, gate_faults): they are
  not in the log, only the export key states them.
- 本案在日志中没有未随包提供的条目。That the log holds no further entry about the case than those carried.
"""
