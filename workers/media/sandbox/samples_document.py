"""Documents among the samples: a PDF of one page with pictures of three coders, and an OFD.

The page holds text in base 85, JPEG, JPEG 2000 and a fax; the OFD is packed in every way that is read, holds a part in
UTF-16 and a signature with an SM3 digest. Both are kept deflated.
"""

import zlib
from base64 import b64decode

_TEXT = {
    "a.pdf": (
        "eNq9VmtwE1UUvpvdNG1AaEpoVbDcPoKxDCSbV9uI0CZp2jQtTdMij5Cx22TbJJNm0822pMzoAApFhtEWfOE4jkgFFPkBig/GGURQhD8O"
        "ggr4h4eCOI4D+ED5s967SdNI+kMdxjv37j179jvnnu+cm3uj8Tic8+kF1UrNpctfnFbSUA+57ohy4UKo6xyKs1BnZwQmyvVCnYfpZRPQ"
        "gABeuGiRko0FMdCQY5DC6dzhYAL6TBjuR164gZgA6SxDY46hk0MQXcdAtyC9YiUNdTYmwaa+NLHRQVYIB5gsL6ZJl8dPnkU2qWh1rWww"
        "zNi4JPTpkcKol4YUVUxAsAQ0p3BeNsEN8AEUPvYnrSoJNDSmaUPd8rbuCBtIfXBBS8qwGVanBDesGUdKfTxOc1acLWysVwjBGgvyHI4K"
        "LA99uvoOu8tVY3awAS6IUxFlBDb14sdeEgLPMn3KRiZe27UiWFfXVabVsEZ3heCh+9s6Kpv6K1tX+tx8XXSVsd5sCLXorE2+llifUOUu"
        "D/oFayBeZrKHFpv6myMDbqPFGnRwdluCe7iqwmN/QooxvUA6WktOVsdZT5TH1Sclelk4iLjQFlyecG9IkEQ7F+X4jjgTQAAHOxgOsN5G"
        "GyplWEh4WN7O9cW5GC5PTSYDumbP8nHy6fwYTLVZ1AEAUyMeCO9RDmNZ3YOiiMQNEMkgPc9HcwjNxeFQkEdzoTRIhQJjwPQAF+UJScQf"
        "3kbggNgmtgNdRlcIJtrf30kFQaS66AVTkYIAFEUBQlwFCuvqmpo8mS4GgQYQdhSzwAZh9xBsi7OxZk9DIxxk+USYi0HDAvMCkzgClJJn"
        "LXKy7fgZKu/wkZuE4uhVipyzNquJ53KrU/3/V8dh77yjOrV6Y1Z1xLPiBVDY7HQ5AUHg7KCHeJGY1pAM9wDQ2gqqENV8QBHTgQxJsiRO"
        "YREgQRo7HAaUJAOwaJMmIwelFBEjpGSlRsODFQa9wWLV06hDvd4qdQDykIXkewmGyIAclw2NAyBlLWvAeiqjPwkUGfkSeEDCTEHjdrrk"
        "xN0YE5GifHwL7GBWkbpErZpVUlxSOnsW1NrmaTUabbv1Eb2taykbfGyp3xdJbl8X6R9J+PwbDm4ceXXn3n17e9d+dOLQruPb9+wdw06I"
        "2aWl2grtknnzlozF/LGxf93Ej4EqH+3uQpIoBzIVQaoI8RiYg+KVE1Ib3/aEjKTkeYr8AuUUBDhYCGQEScooUi5Hmx8Qj6PvgFLJi8ro"
        "+rwZ7YyivF9tWDe6I7/Ctv/ITO+p65XGbn59gbK45N777tfMfVD7UJXJbKmuqbXaHQ3OxiZXc0fn0keXLV+xMhBke3pD4UhCGBhcnRxa"
        "8+RTGzYOb3p689Ztzz3/wosvbX/59Z1jb+zavefNtw688+7B997/4MNDnxw99ulnxz8/cfLL02e++vqbs+fOX7x0+bvvr1z94dqPN27+"
        "8utvv9/648/bmBcBSGK8TcpLhXjJKIqkFJgXIVuNASpKXkbnFdW3K5j+GeWGdflq2+iO/UcKKoze6zO7+VPK4krTRc0NTE1i9s+Irf9P"
        "zDLEJnidB1NJtOFVpAosBs9s1u7b8uxkZ0XNXT8rGnlmaJLDgp44LOx2V2enk0necWLQBhP2gXXodu5L3bFuOJ+WVhnoiyWkFb3caklI"
        "XZ9pNnNfOyyK4gUZgAWoeqT048KnM5Ely9IyHmRaxgdJXpZeRVDSnI+viSzbkrQen8mzs/C45Sa1NvcyNxkm+Gdd3pmke9kelPHwGhbS"
        "epRq6KOhCdJ+TJfDycP/GbL4Jl8JdAHCCa8otk3rOlDU8rNidMs1uNWldhi4vNGfbtVX7i4gwbJS8lpudAmB4YUkz/YoDUazRanRNLQ5"
        "lX8B4wDDzw=="
    ),
    "a.ofd": (
        "eNoL8GZmEWFgYOBgOOCtGGuZ5ZFnBuSFADE7EPu7uehV5OZs/lhevHFz4Un/slP+K1mMmz599n4T80WrqDjnS2LM7Adnvuw5MunSoitJ"
        "uxM6RCZxRMi67Lc7YcEQADRaD2gID9hoEzYF1WYg7xgQswIx2GCnqAxLQ8dIteDIU+1logwMSfcbDjAEMD9kn8rixqC3fL4DA+MChgyX"
        "Cw5VviaX3eYtuMCoqewA1PylLcuqZa1ApdPsxpXZMg233C2S5jkd6ri4JGJr58oXU+5o+gp/0fao9FvUEnhkmzZrsNlWtVIW1qrCzROc"
        "rzEp1Jw/emein4iK0cK7rQ4gV9ozMDHwgV35dOnjRGmo50GuDAC5kpOFlSGWgaGBgUFOhEOt2N/lgLV4/f//SQEMYD+Cgo8BrPtfwtRF"
        "pkC2KVR3MEi3TXBmel5iSWlRarEdgq3glFic6pOfbKsUAlKkpG9no4+kMAAlWr4H8nrUA3nroeaCtWzmPOdz3ltHU9dr62ZOL19vXa+z"
        "3n66YQXnPHzPffPVPXnCf2Oo1jnTMKdJoQWnz3iyfsqZ+oUZFGkNRQlPEzstl64s09up2iaadu/YUzdBv3c7xY6udI2Te9nYZhn30G6f"
        "5bJUv8BfT9l2uk7LTDx5c5vZLw+p3C8PzRQ2dzfKtEgzBngzMokw4046MNDAyIBISCBNesy4EwVCUzQsiYC02DPjjiGEFkZGaHwhnIY9"
        "WhBa7BmhkYTuG/QQR2iZzggN/wBvVjYGsDQrA8hqSyYQDwA+ze7S"
    ),
}

DOCUMENTS: dict[str, bytes] = {name: zlib.decompress(b64decode(text)) for name, text in _TEXT.items()}
"""By a name whose ending fits."""
