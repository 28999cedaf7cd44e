"""What every film and picture says about itself: it is synthetic, and dreamtalk made it.

The statement stands where programs look for it: as a comment for players and ffprobe, and as an XMP packet whose IPTC
digital source type is what libraries, agencies and search engines read.
"""

import html
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

STATEMENT = "Synthetic: this person was animated by a computer program and was not filmed."
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's name for media made or changed by a trained model."""
JPEG_QUALITY = 95

_XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # ISO media files keep XMP in a box of this type
_EXIF_DESCRIPTION, _EXIF_SOFTWARE = 0x010E, 0x0131
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="{tool}"
    Iptc4xmpExt:DigitalSourceType="{source}">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{statement}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@cache
def tool() -> str:
    """The program's name and version."""
    try:
        return f"dreamtalk {version('dreamtalk')}"
    except PackageNotFoundError:
        return "dreamtalk"


def xmp_packet() -> bytes:
    """The statement as XMP, UTF-8."""
    text = _PACKET.format(tool=html.escape(tool()), source=html.escape(SOURCE_TYPE), statement=html.escape(STATEMENT))
    return text.encode("utf-8")


def film_tags() -> dict[str, str]:
    """Tags of an .mp4, by FFmpeg's names."""
    return {"comment": f"{STATEMENT} Made by {tool()}.", "keywords": "synthetic, AI-generated, dreamtalk"}


def add_xmp_to_film(path: Path) -> None:
    """Put the XMP packet at the end of a finished .mp4."""
    body = _XMP_BOX + xmp_packet()
    with path.open("ab") as file:
        file.write((8 + len(body)).to_bytes(4, "big") + b"uuid" + body)


def save_picture(image: Image.Image, path: str | os.PathLike[str]) -> None:
    """Save an RGB image as .png or .jpg, by its suffix, with the statement inside."""
    if Path(path).suffix.lower() == ".png":
        tags = PngInfo()
        tags.add_text("Software", tool())
        tags.add_text("Comment", STATEMENT)
        tags.add_itxt("XML:com.adobe.xmp", xmp_packet().decode("utf-8"))
        image.save(path, pnginfo=tags, compress_level=4)
        return
    exif = Image.Exif()
    exif[_EXIF_DESCRIPTION], exif[_EXIF_SOFTWARE] = STATEMENT, tool()
    image.save(path, quality=JPEG_QUALITY, subsampling=0, exif=exif, xmp=xmp_packet())
