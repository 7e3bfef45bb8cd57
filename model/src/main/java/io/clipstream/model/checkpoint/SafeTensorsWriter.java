package io.clipstream.model.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clipstream.model.OutputFile;
import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** Writes files that {@link SafeTensors} reads. */
final class SafeTensorsWriter {
  /** The JDK copies as much memory as one write is given. */
  private static final int CHUNK = 1 << 16;

  private static final Map<ElementType, String> NAMES =
      SafeTensors.TYPES.entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

  private static final ObjectMapper JSON = new ObjectMapper();

  private SafeTensorsWriter() {}

  /**
   * Writes tensors that are contiguous, those of large elements first and else in the order of the
   * map; the file is replaced in one step.
   *
   * @param manifest travels in the metadata, for {@code model import} to find again
   */
  static void write(Path file, Map<String, StoredTensor> tensors, Optional<ModelManifest> manifest)
      throws IOException {
    // As the reference implementation does, so that every tensor is aligned to its elements:
    // PyTorch can only view bytes as int64 at multiples of eight.
    List<Map.Entry<String, StoredTensor>> sorted =
        tensors.entrySet().stream()
            .sorted(Comparator.comparing(e -> -e.getValue().type().bytes))
            .toList();
    ObjectNode header = JSON.createObjectNode();
    ObjectNode metadata = header.putObject("__metadata__");
    metadata.put("format", "pt"); // what Python's libraries look for
    if (manifest.isPresent()) {
      metadata.put(SafeTensors.MANIFEST, ManifestJson.write(manifest.get()));
    }
    long offset = 0;
    for (Map.Entry<String, StoredTensor> e : sorted) {
      StoredTensor value = e.getValue();
      ObjectNode tensor = header.putObject(e.getKey()).put("dtype", NAMES.get(value.type()));
      ArrayNode shape = tensor.putArray("shape");
      value.shape().forEach(shape::add);
      long end = offset + StoredTensor.elements(value.shape()) * value.type().bytes;
      tensor.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    // Spaces at the end align the tensors to eight bytes.
    int headerSize = (json.length + 7) / 8 * 8;
    ByteBuffer head = ByteBuffer.allocate(8 + headerSize).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.fill(head.array(), (byte) ' ');
    head.putLong(headerSize).put(json).rewind();

    Path target = OutputFile.of(file);
    Path folder = target.getParent();
    Files.createDirectories(folder);
    Path part = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (FileChannel out =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeAll(out, head);
        for (Map.Entry<String, StoredTensor> e : sorted) {
          ByteBuffer rest = e.getValue().contiguousBytes();
          while (rest.hasRemaining()) {
            int n = Math.min(rest.remaining(), CHUNK);
            writeAll(out, rest.slice(rest.position(), n));
            rest.position(rest.position() + n);
          }
        }
      }
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw OutputFile.told(file, part, e);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
