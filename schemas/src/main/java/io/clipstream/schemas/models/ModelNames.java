package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelIdentity;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Names, versions and digests of models, and the keys that records have by them. */
public final class ModelNames {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  private ModelNames() {}

  /**
   * Whether the text can be a model's name or version: then it holds no slash and no space, and
   * {@code NAME-VERSION} with what is put around it while it is written can name a file.
   */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** Whether the text is a SHA-256 in lower-case hexadecimal digits. */
  public static boolean isDigest(String text) {
    return DIGEST.matcher(text).matches();
  }

  /** {@code NAME/VERSION}, the key in the topic of releases. */
  public static String releaseKey(ModelIdentity model) {
    return releaseKey(model.getName(), model.getVersion());
  }

  /** {@code NAME/VERSION}, the key in the topic of releases. */
  public static String releaseKey(String name, String version) {
    return name + "/" + version;
  }

  /**
   * {@code NAME/VERSION/INDEX}, the key in the topic of artifacts. By release, not by digest: else
   * compaction would take the chunks of one release when another brings the same file, and a
   * deletion those of both.
   */
  static String chunkKey(ModelIdentity model, int index) {
    return releaseKey(model) + "/" + index;
  }

  /** Which of the model's chunks a record of the topic of artifacts is by its key, if it is one. */
  static OptionalInt chunkIndex(ConsumerRecord<String, ByteBuffer> record, ModelIdentity model) {
    String prefix = releaseKey(model) + "/";
    if (record.key() == null || record.value() == null || !record.key().startsWith(prefix)) {
      return OptionalInt.empty();
    }
    try {
      return OptionalInt.of(Integer.parseInt(record.key().substring(prefix.length())));
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }
}
