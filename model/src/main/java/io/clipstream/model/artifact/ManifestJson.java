package io.clipstream.model.artifact;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The JSON of manifests and golden outputs, wherever they travel. A newer writer may tell more than
 * this reader knows: keys that are not known are passed over, known ones of another type are one
 * clear error.
 */
public final class ManifestJson {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          // The same manifest gives the same bytes: the order of Map.copyOf differs from run to
          // run.
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final Map<Class<?>, String> TYPES =
      Map.of(
          String.class, "text",
          Integer.class, "a whole number",
          int.class, "a whole number",
          long.class, "a whole number",
          Float.class, "a number",
          Double.class, "a number",
          double.class, "a number",
          boolean.class, "true or false");

  private static final Pattern TWICE = Pattern.compile("^Duplicate field '(.*)'", Pattern.DOTALL);

  private ManifestJson() {}

  /**
   * Reads a manifest.
   *
   * @throws IOException if it is none; one line without the name of the file that holds it
   */
  public static ModelManifest read(String json) throws IOException {
    return read(json, ModelManifest.class, "manifest");
  }

  /** Writes a manifest in one line. */
  public static String write(ModelManifest manifest) throws IOException {
    return JSON.writeValueAsString(manifest);
  }

  /** Writes for people to read. */
  static byte[] pretty(Object value) throws IOException {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
  }

  /**
   * Reads a record.
   *
   * @param what it is, for messages
   */
  static <T> T read(String json, Class<T> type, String what) throws IOException {
    T value;
    try (JsonParser parser =
        JSON.createParser(json.startsWith("\ufeff") ? json.substring(1) : json)) {
      value = JSON.readValue(parser, type);
      // Checked here, as Jackson's own check also runs behind each value that AsText reads.
      if (parser.nextToken() != null) {
        throw new IOException(
            "its %s ends%s, but more follows".formatted(what, at(parser.currentTokenLocation())));
      }
    } catch (JsonProcessingException e) {
      throw new IOException(
          "its "
              + what
              + " cannot be read: "
              + Printable.of(reason(e).lines().findFirst().orElse("")),
          e);
    }
    if (value == null) {
      throw new IOException("its " + what + " is null");
    }
    return value;
  }

  private static String reason(JsonProcessingException e) {
    Throwable cause = e.getCause();
    if (cause instanceof UserError || cause instanceof IllegalArgumentException) {
      return cause.getMessage();
    }
    if (cause instanceof NullPointerException) {
      return "a value is missing";
    }
    if (e instanceof MismatchedInputException mismatch && !mismatch.getPath().isEmpty()) {
      return path(mismatch.getPath())
          + " is of another type, expected "
          + expected(mismatch.getTargetType());
    }
    JsonProcessingException fault =
        e.getCause() instanceof JsonProcessingException inner ? inner : e;
    if (fault instanceof StreamConstraintsException) {
      return "it is nested too deeply, or a text in it is too long";
    }
    Matcher twice = TWICE.matcher(fault.getOriginalMessage());
    if (twice.find()) {
      return "it has the key " + Printable.name(twice.group(1)) + " twice, expected once";
    }
    return (fault instanceof StreamReadException ? "it is no JSON" : "a value is of another kind")
        + at(fault.getLocation());
  }

  private static String at(JsonLocation location) {
    return location == null
        ? ""
        : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  private static String path(List<JsonMappingException.Reference> path) {
    return path.stream()
        .map(
            part ->
                part.getFieldName() != null
                    ? "." + part.getFieldName()
                    : "[" + part.getIndex() + "]")
        .collect(Collectors.joining())
        .substring(1);
  }

  private static String expected(Class<?> type) {
    if (type != null && List.class.isAssignableFrom(type)) {
      return "a list";
    }
    return TYPES.getOrDefault(type == null ? Void.class : type, "an object");
  }

  /** What a recipe says, as text: a newer writer may say it in another way. */
  static final class AsText extends JsonDeserializer<String> {
    @Override
    public String deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonNode value = parser.readValueAsTree();
      return value.isValueNode() ? value.asText() : value.toString();
    }
  }
}
