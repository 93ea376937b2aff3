"""Documents among the samples: a PDF of one page with pictures of three coders and a font that is not in it, and an OFD.

The page holds text in base 85, JPEG, JPEG 2000 and a fax; the OFD is packed in every way that is read, holds a part in
UTF-16 and a signature with an SM3 digest. Both are kept deflated.
"""

import zlib
from base64 import b64decode

_TEXT = {
    "a.pdf": (
        "eNq9VntwE0UY38slTRsQmlKoCsL2EQhgSe6SPlIRmqRNm7a0IWl5lQ69Jtv0SnKXXq6lZUYHVB4yjFLwAY6jIggo8gcoIugMIijCPw6C"
        "CvgPDwV1HAfwzT9x95Kmse0oOow7u3fffvf7vv0ee7ufwVPhKmRmlegMV65+elbHQDMU2zp1s2dDU2NfBEGTk5O5kBiEJg8XRFHIYoAX"
        "zpmjQ0KAANlhAnGcqZYPRGGzlcBbsBaxW5AhkyJoGSboEjHE5Otuk5UpYTLQ5OCiKP6lGoV6kMz7uRQt1hGXJ08JYZm4taZ5KMBzDrEX"
        "Npsxw2JWhmKVIGNYFBbFcV4UFbslPzaf6FNWVQgGWuIAFwttiQBA06KGtk7kj0PcsDiOqIElcaIWlg4glT5gcVGKxXVICModkDFjP118"
        "SEYSbDbZfU63u7SoAvnFAIlKiJNRfNJC1ERlCXFhXRUXsbUuDpSXt+YaDchSmy97mK4GX0F1V8G8Jc21UnloqcVexHbUmcqqm+uEsDyj"
        "Ni/QIpf5I7lWZ8dca1dNZ3etpbhs2fJge2Vr80P2XMa3vLwutz5gMBdXT5/mb1/0qGJzYr2E9cXD4j0QhcHEucNKChbyAeJbMUkcH+yQ"
        "FdIphkTJF+H8GFCBeng/8lY5cJJ5OepBklMMR0SBJK40GRBTjWfRQCwS8WKttpRIAABGd3ogvEe3jtDZ7diKzggLMQ0S70L87sDvCXxH"
        "QMLvTGXQWi3BgLF+MSRRCkk+vInB/lhDbD4wJXmZYLD9dU5rKSreY14wGjMooFarARVbCjLLy6urPckeCwADoJzYZhkFYFsfbIggocZT"
        "WQV7kBTlRQGys4pmWWObgE7RbMRKtpw8p047euwWpT1+XU1PWZXSYheGZ6fk/89OhbNxSHZsZktKdmLnY5dAZo3L7QIURaKDH7HL1JjK"
        "Xr4dgHnzwAzsajpQU2OBClOqXhLCLECDBHYdD9QKDcCc9YYkHVBCRG2iFalsPDyEwZrZ4jIzgzs0m8uUDkAallB01xOICmhI2vA4AOLS"
        "qkrCVyf5p4E2SV8BDyiYUXjcTqScuhtj0FIcj6+AE0zMys7J1k/MmZAzedJEaHTMNBoMxvllD5sdrU0osKyppbmzd9vqzq5N0eaWNQfX"
        "bnppx959e4Or3j91ZNfJbXv27iRKqEmTJxvzjfUzZ9bvFFqEnf+6xT4A+nS8uzNpKg+o9BStp2InwBRsr4ZS2sC2p1S0WpOmTc/QjcKA"
        "g5lARdG0Sk1rNHjzA+oR/B2o9ZqsXMaeNm4+p83rymZX929Pz3fsPzbee+ZGgaVNeixDNyHn3vvuN0ydZpw+w1pUXFJqK3NWVLqqqt01"
        "vsamBQsXLV7iD6D2YAffGZW7e1b09q18/Ik1a9etf3LD5i3PPPvc81u3vfDqjp2v7dq95/U3Drz19sF3Dr17+MiHx0989PHJT06d/uzs"
        "uc+/+PL8hYuXr1z9+ptr17/97vubt376+Zdff/v9j9vELwrQ1EAb0S899kulVtNqLfGLUq0gAL1ak8ukZdnna7mucXns6vRsR//2/ccy"
        "8i3eG+PbpDO6CQXWy4abxDXFsztz7LH/5FnSsUG/LoLRNN7weloP5oKnNhj3bXx6pLOi9K6fFVUS1zfCYTF4t5mcTndjo4vrHXJiMKyV"
        "6CA8fG+H47dvLSxklFW6w0JUWdErrlCI+HWa8GbqK0djsdglFYAZOHu08nOR05lKoVUJmgw6QZODJC2Fr6fUyjudXBMpsjkJPjmTJ6Xg"
        "SRseVNudFDXm1KLG1+gThWBhnRJXU6WAg8ALuNpqEvgqR2GT08cWVpPgRP14CU6QiRSuqxhzvLAarCsUzt+u7XRXEM4/mIBRvr6ojMJu"
        "oV1UMuFFQR672QeNdrwSmg5NDVIAScRMY5WDmU6WiERCKEyybVVKI6KY2CzxEVmUIMMMqRoZZkRjU0SUeT0XRkPtw/VQMIqrLQXgSBZ1"
        "NpuNDFzUuXG9yvvtQjCEMN9kJ5HDVxYu+hJhlGEhS2ZOLpLYzyVk6sM+L8C4VDPZ4cVaETu4n1Nqs+RP5EXtWBe/EkHGgn8dnCocE6aF"
        "bF+R/AwkECn7t/dFfyugXPCadsuY1gNZdT9q+zeugZvdUyrYlzX9P8y1F+yesnV2Rt7h0+UFhx6kwXtjNOeH77uozElyr4TadWyptUhn"
        "MFQ2uHR/Ar1uXFk="
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
