package io.clipstream.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clipstream.model.Printable;
import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The safetensors format (https://huggingface.co/docs/safetensors, "Format"): eight bytes with the
 * length of a JSON header, the header, then the tensors without gaps. Written by {@link
 * SafeTensorsWriter}.
 */
final class SafeTensors {
  /** Limit of the reference implementation: what begins with more is another format. */
  static final long MAX_HEADER_OF_FORMAT = 100_000_000;

  /** Bytes of a file without tensors: the length of its header, and {@code {}}. */
  private static final int LEAST = 10;

  /**
   * Parsed, a header takes some thirty times its size of memory; that of a network of a thousand
   * tensors has 100 kB.
   */
  private static final long MAX_HEADER = 8 << 20;

  /** Key of the manifest in the header's metadata, which holds strings only. */
  static final String MANIFEST = "clipstream.manifest";

  static final Map<String, ElementType> TYPES =
      Map.of(
          "F32", ElementType.FLOAT32,
          "F64", ElementType.FLOAT64,
          "F16", ElementType.FLOAT16,
          "BF16", ElementType.BFLOAT16,
          "I64", ElementType.INT64,
          "I32", ElementType.INT32,
          "I16", ElementType.INT16,
          "I8", ElementType.INT8,
          "U8", ElementType.UINT8,
          "BOOL", ElementType.BOOL);

  /** Refuses deep nesting and duplicate keys. */
  static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(10).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .build();

  private final Map<String, StoredTensor> tensors;
  private final Optional<ModelManifest> manifest;

  private SafeTensors(Map<String, StoredTensor> tensors, Optional<ModelManifest> manifest) {
    this.tensors = tensors;
    this.manifest = manifest;
  }

  /** Reads the header; an IOException is one line without the file's name. */
  static SafeTensors read(FileChannel channel) throws IOException {
    long fileSize = channel.size();
    if (fileSize < LEAST) {
      throw new IOException(
          "a file of "
              + fileSize
              + (fileSize == 1 ? " byte" : " bytes")
              + ", expected a safetensors file, which has at least "
              + LEAST);
    }
    long headerSize = headerSize(bytes(channel, 0, 8).getLong(0), fileSize - 8);
    JsonNode header;
    try {
      header = JSON.readTree(bytes(channel, 8, headerSize).array());
    } catch (JsonProcessingException e) {
      throw new IOException("its header is no JSON: " + firstLine(e.getOriginalMessage()), e);
    }
    if (!(header instanceof ObjectNode)) {
      throw new IOException("its header is no JSON object");
    }
    long start = 8 + headerSize;
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<long[]> ranges = new ArrayList<>();
    for (Map.Entry<String, JsonNode> e : header.properties()) {
      if (!e.getKey().equals("__metadata__")) {
        tensors.put(e.getKey(), tensor(e, channel, start, ranges));
      }
    }
    ranges.sort(Comparator.<long[]>comparingLong(r -> r[0]).thenComparingLong(r -> r[1]));
    long end = 0;
    for (long[] range : ranges) {
      if (range[0] != end) {
        throw new IOException("its tensors overlap or leave a gap at byte " + range[0]);
      }
      end = range[1];
    }
    if (end != fileSize - start) {
      throw new IOException(
          "its tensors take " + end + " bytes, but " + (fileSize - start) + " follow the header");
    }
    JsonNode manifest = header.path("__metadata__").path(MANIFEST);
    return new SafeTensors(
        tensors,
        manifest.isTextual() ? Optional.of(manifest(manifest.textValue())) : Optional.empty());
  }

  private static long headerSize(long stated, long follow) throws IOException {
    if (stated < 0 || stated > MAX_HEADER_OF_FORMAT) {
      throw new IOException("no safetensors file: it begins with no length of a header");
    }
    String header = "its header has " + stated + " bytes, ";
    if (stated < 2 || stated > MAX_HEADER) {
      throw new IOException(header + "expected 2 to " + MAX_HEADER);
    }
    if (stated > follow) {
      throw new IOException(header + "but " + follow + " follow: the file is cut off or damaged");
    }
    return stated;
  }

  private static StoredTensor tensor(
      Map.Entry<String, JsonNode> e, FileChannel channel, long start, List<long[]> ranges)
      throws IOException {
    String name = Printable.name(e.getKey());
    JsonNode offsets = e.getValue().path("data_offsets");
    JsonNode sizes = e.getValue().path("shape");
    ElementType type = TYPES.get(e.getValue().path("dtype").asText());
    if (type == null) {
      throw new IOException(
          name
              + " has type "
              + Printable.name(e.getValue().path("dtype").asText())
              + ", expected one of "
              + String.join(", ", TYPES.keySet().stream().sorted().toList()));
    }
    if (!(sizes instanceof ArrayNode)
        || sizes.size() > 64
        || offsets.size() != 2
        || !offsets.path(0).canConvertToLong()
        || !offsets.path(1).canConvertToLong()) {
      throw new IOException(name + " lacks its shape or its two data_offsets");
    }
    List<Integer> shape = new ArrayList<>();
    for (JsonNode size : sizes) {
      if (!size.isIntegralNumber() || !size.canConvertToInt() || size.intValue() < 0) {
        throw new IOException(
            name
                + " has shape "
                + Printable.name(sizes.toString())
                + ", expected whole numbers from 0 to "
                + Integer.MAX_VALUE);
      }
      shape.add(size.intValue());
    }
    long elements;
    try {
      elements = StoredTensor.elements(shape);
    } catch (IOException tooLarge) {
      throw new IOException(name + ": " + tooLarge.getMessage(), tooLarge);
    }
    long from = offsets.get(0).longValue();
    long to = offsets.get(1).longValue();
    long follow = channel.size() - start;
    if (from < 0 || to < from || to > follow) {
      String place = name + " lies at bytes " + from + " to " + to + ", ";
      throw new IOException(
          from < 0 || to < from
              ? place + "expected 0 or more, ascending"
              : place + "but " + follow + " follow the header: the file is cut off or damaged");
    }
    if (to - from != elements * type.bytes || to - from > Integer.MAX_VALUE) {
      throw new IOException(
          name
              + " has "
              + (to - from)
              + " bytes, expected "
              + elements * type.bytes
              + " for shape "
              + shape);
    }
    ranges.add(new long[] {from, to});
    ByteBuffer bytes =
        from == to
            ? ByteBuffer.allocate(0)
            : channel.map(FileChannel.MapMode.READ_ONLY, start + from, to - from);
    return StoredTensor.contiguous(type, shape, () -> bytes);
  }

  private static ModelManifest manifest(String json) throws IOException {
    try {
      return ManifestJson.read(json);
    } catch (IOException e) {
      throw new IOException(MANIFEST + ": " + Printable.name(e.getMessage()), e);
    }
  }

  private static String firstLine(String message) {
    return Printable.name(String.valueOf(message).lines().findFirst().orElse(""));
  }

  private static ByteBuffer bytes(FileChannel channel, long from, long size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("the file is cut off after " + channel.size() + " bytes");
      }
    }
    return bytes.flip();
  }

  Map<String, StoredTensor> tensors() {
    return tensors;
  }

  Optional<ModelManifest> manifest() {
    return manifest;
  }
}
