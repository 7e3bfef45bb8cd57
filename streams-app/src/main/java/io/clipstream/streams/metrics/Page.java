package io.clipstream.streams.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/**
 * An answer over HTTP.
 *
 * @param status of HTTP
 * @param type of its content, as HTTP names it
 */
record Page(int status, String type, String body) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Page json(int status, Map<String, ?> fields) {
    try {
      return new Page(status, "application/json", JSON.writeValueAsString(fields) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
