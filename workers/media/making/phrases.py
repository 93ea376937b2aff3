"""Words that are burnt into copies for viewing, as small pictures: a decoder child has no font, and a machine may lack one.

Grey, 24 pixels high, white on black, drawn once with LXGW WenKai (OFL-1.1): the licence leaves what is drawn with it free.
"""

from base64 import b64decode

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


def _drawn(text: str) -> Grey:
    coded = np.frombuffer(b64decode(text), np.uint8)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


MARK = _drawn(
    "iVBORw0KGgoAAAANSUhEUgAAAKAAAAAYCAAAAABYPanpAAACaUlEQVR42u1WSY7kMAxjgHyRfiT1SPbBm5y4UsFg5jJoA1WA40WU"
    "RFEGfsc/G3xe5eutf9c6q2UCMgD6wz7lBfuNTREwNxhIUss2wO3DCQggEHP/AUBRggAEAkRJdzLiajrehVDHGgstsxg28v3nQFeI"
    "MI77rT1KCc+fZe3uRiAAqMSS24Cj7BPm4ZMFGpAm19bkLCluky9xlAFLUjPTT3k5ZwN2ggLIMgG5jgSQBjPovm6O20myn/xMRfXl"
    "vE8GCdqZgjRBi7Y0kNcTtEjOWMowAbrvqzetAAc0SSQfCqQezdGSR1A0fLOHOxJnWEmyOTR9aTmTMAlQ/7ik+Cl2mV13gMNaz5Pc"
    "Ns0qdi+FWOqMimgeHIPk3hJNAODjq6wRABQgUlV4KTwSgLJMnDgAuIRjLbIAAxFZkQNlr5yFPPyMULiLAAOBUqcNp4LAxoypWRTj"
    "W/31XHLQjWuKK11fiPU1xdaYN6tSYxtlS7Z59t1lqxOMrFmFKoELEDeHi75keSOMKbQqAGpulQX7zPhWjAwiMsYqq7zia7DiW5bB"
    "RMbSAAZKkuWoFwEYH89PAauuqJlnd1aXRlKpS5DA4XsHyO318shg+v90EIlvgGlpSGYVyyrpZKdMpcugpjW5qSYSu4ZCkq2TTNTq"
    "fUOpHXQqp43zjSFnqtPupSBNTmu0gdntL08bvioSs8GxMBFuANqtG9Ym4dmduPToVMXSthf3CR96MTNcGWq391MbgHD1eTSvLiq1"
    "/Umq61lHtPaOZfL4hJwAm/t0ezt8jmAPXXpXyRZTl9ft+cb1Ai11/UoHtY94t7Jc+Tv+5/EDcp0xx5Wi7hYAAAAASUVORK5CYII="
)
"""预览副本，非原件: a copy for viewing, not the original."""

CONTAINER = _drawn(
    "iVBORw0KGgoAAAANSUhEUgAAAFAAAAAYCAAAAABIcSVwAAABYUlEQVR42uWUyXHFMAxDn/+kRahIsEjkoMWyvicNhCcZMsENIvw7"
    "u9Yp23mZC0TVia+fxXH3s06lDZZHOFPfTtC8QrZCnRpoMx7gSLLdf43BQQEilscMmEUYlGUTu83p7tEX4e5yE87bHY2Fj/vh3YNr"
    "T/pw5TtvB9QzMh7xEkkk9sqgE27ljABeqU9CQzKa4ecwDYtxENiSJtgJbSvc+aN0zp7kVvKdygh8ltwJ52CdLhurFQG3Ww4NwFDt"
    "2aIC1YuedX4kkOhZ8BOzR3t8Zjh76MAHKBQuuMobpVMDs7THbtL53K5rvbJPj10XQLU5Aie0BtCukr1TVOnvkhXfWsBDDutrqdm5"
    "dbeXrEfJvS3atNs1HkvO1Of2oN4IJYk15T7GbXJjrn3PUNvl9bqwqu1j/wxnveyijmnOYCnIRw9riWBXyC7hBYgnyr1NbmV9o8+V"
    "8ViI5LVKvWyd8eD+of0CRgVymTKVzv4AAAAASUVORK5CYII="
)
"""容器时间: time of the container."""

CORRECTED = _drawn(
    "iVBORw0KGgoAAAANSUhEUgAAALQAAAAYCAAAAAB2eIh7AAACk0lEQVR42u1XW5IjIQwTW3NFcUj5kJoP3o/uzP6HqlSSDhhhSzIB"
    "vuM73ofYPvRHFECSkmRzX2G3efwYXMse5l9B1ZnS8dNP+SHVwIyOupwhAEbEviz3SMoBtgXIxwZkqh/iAR0BEOseHEiz7yvlLX8A"
    "XZ94JHUO6mkt3ccZu2W2JWzKtJfRq07Zc3FpvICWD1Sur7HHEeg9fI+pwjfZ6lFEkvK2wNZKIetKD5ABMEggAiAII/LMciAytnBw"
    "5PTKzKW0AhAYTMh7AQEAR8A4ZVCro7lOsi0RsNTTZwGa5pXvZXJZdmaapQ6SyhTqkOKR6UkOnIPcatjE6l5pUi67WR00JJKaZsuq"
    "R5Mf2EHJJotq1MtN8wJ6HrrzYwftAdqWSMys1MbpArqx/wQ9VGz1CQO1dQEtieTspbvAf9rczr3orpOj20Y0pPHgXZ/cl6BycVTH"
    "RlICnBwvf7TwCtrNbadNkqsKBOSoQgSg2MP6c6sgQDJZ+YQlAM3Nn+18F4s9uaaqOku3M9XKI5V60vxvesiWDNDLpAs9LLnqtutv"
    "p8c/WrU0kVJKCQHQCAAUiSC5piYuFvREj861DOQEBPyeSiICBCJynGHm7YoQNXpFTaVsofcCeeh4zjQnp3y0vLaSS9bOTMvdEug1"
    "yMzpeE5QFgPZ3e79kNF8S0YNxJgZW0T312Y0sn93j7XKyq1PKgFweuhVtVG+oChUSuM+mXkKuewbAGYm8u0gRSKLECslTBAmiyS6"
    "c2oV4rBx3S5Mmt7lwRAfo5HTxafta8vc3GPt7T0CAK89aVx55kW63vLa8azaYADa9bbO7TouLcd5vYGXLGh75Onuvp2Wl9seOqgN"
    "dRP4tIH0cPG/dG399V/Dd3wHAOAXIeNpm9TZmEwAAAAASUVORK5CYII="
)
"""拍摄时间（校正后）: time of capture, corrected."""

DEVICE = _drawn(
    "iVBORw0KGgoAAAANSUhEUgAAARgAAAAYCAAAAAAEkr3kAAADvUlEQVR42u1YTdbcMAhT3usV5UOKQ6oL/Bs7+aZ93XW8mklswAIE"
    "BPiu7/q/F/+hLDVhGuIFkKQk2Zsyu+370Q7p9bUfXw8d+kzUUWC7m/lnNv7KF1cVwpiBFxAAI+J+rHRJKpFOIgCU3YG88nIXgLzq"
    "NZuEeLK26xjg/000MF5Ci4gAUHzeJd98BND1iYfjZqGeztJ9HRzISbZMcvYdbwePOqz6Qv6LiNEWMV7W7T5rxDTvXZuaq7m55dl9"
    "SzHjusf8ISIuqyD9E3PCFgDqkXbWQR8ePtILRaDE+pxQsAq5FCOUcwVUjsCQATDItJ0gjCgz6wBRBhs18KNcHwZy0RbWVJEuaLrG"
    "QYciAqAigWN5TL6ac1taKL3RGaHsaRk8cJxtW3NsybZEwNIS0Zr25f/cnMf2gOTKeSZGBGZm2DO3n3T4ngCfp5KkPEBt9LvmJY/k"
    "nBZy3k8DpJySrW40JJKadsuq8O0cMJ6Q7V+/XOWNHZhFR/4WzGqnPgeGkk0mw6m/obkZexQ7AzOxkS2Rg2M0pLXYSGBQ42AHxhOH"
    "d0lkrzO0Cdl61kGlZ34EhiBJtuBXFaJu2EDG2oHxmXw1snwQQHTuimZpPNS/90J6KaBwyboeQwWiAAWikU3BriMCLtHt4mN918Jr"
    "fTtVsgtx3IiEsy1nkTZhJeBCQ3fiHjZvqlbPJWIGNT02aeDYOSJBLYBkpYSDjhrMEuQTj91IbSUh26ZgLaGWEbMQ1oG6mK8nugOS"
    "sQiYaoeGwfzTVGqJIQ6aI6F7O3HS0QhUi4HPDGNNZsj5l16M+yCVwHq0AWrmM2c7Zri1ZM1oSDswP5Nv23DvIjWfPOhIilEWq4me"
    "nsYIC+p07pYBK6AnYHRghzswYLPZgpo75XF8BoYvqTSqIGtFmvdwdMOTvLuOZhN/7Hxp94rfcO4kbLwB81auNbfOrDzO4WJNIb8C"
    "0/x4MHwqkUhhp4Ggu/OkY3Qgk3wecWldRVY7YMC8TsI7MJvpv47FpfbHZOTsd+HYqrdm9YXZp0LgElBOnb0AXoA4jR2Pnb/W+dTY"
    "lWrqieOSUPqsArFQUY7FNJ5GzcYxk+9q+pggzAp/z26t5DtakFOoj1BWxsuc7NlojVp41DEIQlPTzMdpVcvgNvqYmk3e1tN42qvS"
    "WuVaA6+khlt53+fx6SkOM7JYQx0cve6WSkdpPQ1uVP7RdG01vdU5zHVG9SRr/VhjZXiLpxTkzgM9xzdktFncj799PeIEzAbHCwvf"
    "ZJrTxZ6+dOlffvb7ru/6rmn9BrtDGxg319nLAAAAAElFTkSuQmCC"
)
"""拍摄时间（设备时钟，未校正）: time of capture by the device's clock, not corrected."""

KEYS = _drawn(
    "iVBORw0KGgoAAAANSUhEUgAAAFAAAAAYCAAAAABIcSVwAAABXklEQVR42uWUUXIDMQhDyUyvqD3kyyGVD7CN7fQC7X5ssgwWEshE"
    "/M1HukP7J3dGkG9/SdIKWvvvCHMDZsz+kvQL4MJUhSUdQbnRAvKP7ZOZba/idgVaLNU2JRgpM+RJdwL2rsmzQwNQkjA2s4Y7FdtE"
    "sDiYJtlMqFGQdY6aDqu4nPCyDNYhDzNa1mZ6zsqAyQxZBRiWPPTWaXnN85j29okNYaVq1AEVkCJ+Injy2IMinsOsighl9BFPEMTr"
    "JZ54387Wu+xqJoU4Oj/7P9s3WkYxpBhOfVrKmmckSctts0aelIt72i2qt4vPYHDdn25LZc/dRiqHBWHC3ICGDZFjSgUoqeVZCWBd"
    "gPZuG5l69QLOaByAWKztYVb9WbugtFTjsIzNtRxktaORt2j0Xs3tGWEZUU7j7pJVlJpk2qLgmA/T+UxCw9qR90uxqTFiW7bnuJn3"
    "nFZFtYbbhiP+4fMB3k6vw3Z0CaQAAAAASUVORK5CYII="
)
"""仅关键帧: key frames alone."""
