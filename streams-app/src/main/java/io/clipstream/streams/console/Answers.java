package io.clipstream.streams.console;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Writes whole answers. */
final class Answers {
  private static final String TEXT = "text/plain;charset=utf-8";

  private Answers() {}

  static void send(Response response, Callback callback, int status, String type, byte[] body) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.write(true, ByteBuffer.wrap(body), callback);
  }

  /** A line for people. */
  static void text(Response response, Callback callback, int status, String line) {
    send(response, callback, status, TEXT, (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  static void json(Response response, Callback callback, int status, Object value) {
    send(response, callback, status, "application/json", Json.bytes(value));
  }

  /** What is wrong, for the page to show. */
  static void problem(Response response, Callback callback, int status, String line) {
    json(response, callback, status, Map.of("problem", String.valueOf(line)));
  }

  /** To be asked for with GET. */
  static void redirect(Response response, Callback callback, String path) {
    response.getHeaders().put(HttpHeader.LOCATION, path);
    text(response, callback, HttpStatus.SEE_OTHER_303, path);
  }

  /** A file, unless the browser has it. */
  static void file(PageFiles.File file, Request request, Response response, Callback callback) {
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
    response.getHeaders().put(HttpHeader.ETAG, file.tag());
    if (file.tag().equals(request.getHeaders().get(HttpHeader.IF_NONE_MATCH))) {
      response.setStatus(HttpStatus.NOT_MODIFIED_304);
      callback.succeeded();
    } else {
      send(response, callback, HttpStatus.OK_200, file.type(), file.content());
    }
  }
}
