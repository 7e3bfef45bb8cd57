package io.clipstream.streams.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.UserError;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What the page and the console tell each other. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsString(value).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /**
   * @throws UserError if the text is no JSON object
   */
  static JsonNode object(String text) {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UserError("the request is no JSON, expected an object", e);
    }
    if (node == null || !node.isObject()) {
      throw new UserError("the request is no JSON object, expected one");
    }
    return node;
  }

  /** A text that is not blank, without the spaces around it; empty if there is none. */
  static Optional<String> text(JsonNode object, String field) {
    JsonNode value = object.get(field);
    return value == null || !value.isTextual() || value.textValue().isBlank()
        ? Optional.empty()
        : Optional.of(value.textValue().strip());
  }

  /**
   * @throws UserError if there is no such text
   */
  static String required(JsonNode object, String field) {
    return text(object, field)
        .orElseThrow(() -> new UserError("the request has no " + field + ", expected a text"));
  }
}
