package io.clipstream.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.clipstream.model.Printable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The index of a checkpoint that is spread over several files ({@code
 * model.safetensors.index.json}): a JSON object whose {@code weight_map} says in which file, beside
 * the index, each tensor is.
 */
final class ShardIndex {
  private static final long MAX_BYTES = 8 << 20;
  private static final int MAX_FILES = 1000;
  private static final String PART = "(.+)-\\d{5}-of-\\d{5}(\\.[A-Za-z0-9]+)";

  private ShardIndex() {}

  /** Opens a file of a checkpoint. */
  interface Shard {
    Checkpoint open(Path file) throws IOException;
  }

  /**
   * The tensors of all files.
   *
   * @throws IOException if the index cannot be read, names files elsewhere, or a file lacks one of
   *     its tensors; one line without the index's name
   */
  static Map<String, StoredTensor> tensors(Path index, Shard shard) throws IOException {
    Map<String, Checkpoint> files = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : weightMap(index).properties()) {
      String file = e.getValue().asText();
      if (file.isEmpty() || file.startsWith(".") || !file.matches("[^/\\\\\\x00]+")) {
        throw new IOException(
            "its index names the file "
                + Printable.name(file)
                + ", expected one in the same folder");
      }
      Checkpoint opened = files.get(file);
      if (opened == null) {
        if (files.size() == MAX_FILES) {
          throw new IOException("its index names more than " + MAX_FILES + " files");
        }
        opened = shard.open(index.resolveSibling(file));
        files.put(file, opened);
      }
      StoredTensor tensor = opened.tensors().get(e.getKey());
      if (tensor == null) {
        throw new IOException(
            Printable.name(file)
                + " lacks "
                + Printable.name(e.getKey())
                + ", which its index says"
                + " is there");
      }
      tensors.put(e.getKey(), tensor);
    }
    return tensors;
  }

  private static JsonNode weightMap(Path index) throws IOException {
    if (Files.size(index) > MAX_BYTES) {
      throw new IOException(
          "an index of " + Files.size(index) + " bytes, expected at most " + MAX_BYTES);
    }
    JsonNode map;
    try {
      map = SafeTensors.JSON.readTree(Files.readAllBytes(index)).path("weight_map");
    } catch (JsonProcessingException e) {
      throw new IOException("begins like JSON, but is none", e);
    }
    if (!map.isObject() || map.isEmpty()) {
      throw new IOException("JSON without a weight_map, expected a checkpoint or the index of one");
    }
    return map;
  }

  /**
   * Refuses a single file of several: the others would be missed as parameters.
   *
   * @throws IOException that names the index
   */
  static void refusePart(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.matches(PART)) {
      throw new IOException(
          "one of several files of a checkpoint, expected their index, such as "
              + Printable.name(name.replaceFirst(PART, "$1$2.index.json")));
    }
  }
}
