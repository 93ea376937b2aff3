"""Names of file formats as people write them; they are the same in every language."""

from collections.abc import Mapping
from types import MappingProxyType

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "aac": "AAC",
        "avif": "AVIF",
        "flac": "FLAC",
        "geo+json": "GeoJSON",
        "geojson": "GeoJSON",
        "gif": "GIF",
        "gpx": "GPX",
        "gpx+xml": "GPX",
        "h264": "H.264",
        "heic": "HEIC",
        "heif": "HEIF",
        "hevc": "H.265",
        "html": "HTML",
        "jpeg": "JPEG",
        "json": "JSON",
        "kml": "KML",
        "matroska,webm": "Matroska",
        "mjpeg": "Motion JPEG",
        "mov,mp4,m4a,3gp,3g2,mj2": "MP4",
        "mp3": "MP3",
        "mp4": "MP4",
        "audio/mpeg": "MP3",
        "mp2t": "MPEG-TS",
        "mpeg": "MPEG-PS",
        "mpegts": "MPEG-TS",
        "mpeg4": "MPEG-4",
        "nmea": "NMEA",
        "ogg": "Ogg",
        "opus": "Opus",
        "pdf": "PDF",
        "plain": "TXT",
        "png": "PNG",
        "quicktime": "QuickTime",
        "tiff": "TIFF",
        "vnd.google-earth.kml+xml": "KML",
        "vp8": "VP8",
        "vp9": "VP9",
        "wav": "WAV",
        "webm": "WebM",
        "webp": "WebP",
        "x-matroska": "Matroska",
        "x-msvideo": "AVI",
        "xml": "XML",
        "zip": "ZIP",
        "3gpp": "3GP",
    }
)


def format_name(text: str) -> str:
    """Return the name of a container, a codec or a media type; one that we do not know stands as it was read."""
    kind = text.rpartition("/")[2]
    return FORMATS.get(text) or FORMATS.get(kind, text)
