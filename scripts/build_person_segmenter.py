"""Rewrites MediaPipe's selfie segmentation so that its task API takes it: dreamtalk/data/segmenter/person.tflite.

    npm pack @mediapipe/selfie_segmentation@0.1.1675465747 && tar xzf mediapipe-selfie_segmentation-*.tgz
    python scripts/build_person_segmenter.py package/selfie_segmentation.tflite

The network is Google's (Apache-2.0) and stays as it is. What is added is the metadata that the task API asks for: the
input is RGB, divided by 255; the output is one share per pixel.
"""

import argparse
import hashlib
from pathlib import Path

import flatbuffers
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
from mediapipe.tasks.metadata import schema_py_generated as tflite

SOURCE_SHA256 = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"
OUT = Path(__file__).resolve().parents[1] / "dreamtalk" / "data" / "segmenter" / "person.tflite"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="selfie_segmentation.tflite of the npm package")
    source = parser.parse_args().model.read_bytes()
    found = hashlib.sha256(source).hexdigest()
    if found != SOURCE_SHA256:
        raise SystemExit(f"SHA-256 {found}, expected {SOURCE_SHA256}.")
    made = with_metadata(source)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(made)
    print(OUT, len(made), hashlib.sha256(made).hexdigest())


def with_metadata(source: bytes) -> bytes:
    """The same network with a TFLITE_METADATA entry."""
    model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAsModel(source, 0))
    buffer = tflite.BufferT()
    buffer.data = bytearray(_described())
    model.buffers.append(buffer)
    entry = tflite.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers) - 1
    model.metadata = [entry, *(model.metadata or [])]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _described() -> bytes:
    normal = metadata.NormalizationOptionsT()
    normal.mean, normal.std = [0.0], [255.0]
    unit = metadata.ProcessUnitT()
    unit.optionsType, unit.options = metadata.ProcessUnitOptions.NormalizationOptions, normal
    shown = _tensor("image", metadata.ColorSpaceType.RGB)
    shown.processUnits = [unit]
    graph = metadata.SubGraphMetadataT()
    graph.inputTensorMetadata = [shown]
    graph.outputTensorMetadata = [_tensor("segmentation_masks", metadata.ColorSpaceType.GRAYSCALE)]
    whole = metadata.ModelMetadataT()
    whole.name, whole.minParserVersion, whole.subgraphMetadata = "ImageSegmenter", "1.0.0", [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), file_identifier=b"M001")
    return bytes(builder.Output())


def _tensor(name: str, colours: int) -> metadata.TensorMetadataT:
    picture = metadata.ImagePropertiesT()
    picture.colorSpace = colours
    content = metadata.ContentT()
    content.contentPropertiesType, content.contentProperties = metadata.ContentProperties.ImageProperties, picture
    tensor = metadata.TensorMetadataT()
    tensor.name, tensor.content = name, content
    return tensor


if __name__ == "__main__":
    main()
