package io.clipstream.streams.metrics;

import io.clipstream.model.UserError;
import io.clipstream.streams.http.HttpListener;
import java.util.Map;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers GET on a few paths over HTTP, with threads of its own. What is asked for has no influence
 * but the choice of the path.
 */
final class HealthServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HealthServer.class);
  private static final int THREADS = 8;

  /** Pages are for machines and show nothing of others: no browser shall run or frame them. */
  private static final HttpFields SECURITY =
      HttpFields.build()
          .add(HttpHeader.CACHE_CONTROL, "no-store")
          .add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
          .add("Cross-Origin-Resource-Policy", "same-origin")
          .add("Referrer-Policy", "no-referrer")
          .add("X-Content-Type-Options", "nosniff")
          .add("X-Frame-Options", "DENY")
          .asImmutable();

  private final HttpListener listener;

  /**
   * Listens at once.
   *
   * @param port 0: any that is free
   * @param pages by path; made anew for each request
   * @throws UserError if it cannot listen there
   */
  HealthServer(String host, int port, Map<String, Supplier<Page>> pages) {
    this.listener = new HttpListener("health", host, port, THREADS, new Pages(Map.copyOf(pages)));
    log.info("Health and metrics at http://{}:{}/health/ready", host, port());
  }

  /** The port that it listens on. */
  int port() {
    return listener.port();
  }

  @Override
  public void close() {
    listener.close();
  }

  private static final class Pages extends Handler.Abstract {
    private static final HttpField ALLOW = new HttpField(HttpHeader.ALLOW, "GET");

    private final Map<String, Supplier<Page>> pages;

    Pages(Map<String, Supplier<Page>> pages) {
      this.pages = pages;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      response.getHeaders().add(SECURITY);
      Page page = page(request, response);
      response.setStatus(page.status());
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, page.type());
      Content.Sink.write(response, true, page.body(), callback);
      return true;
    }

    private Page page(Request request, Response response) {
      if (!request.getMethod().equals("GET")) {
        response.getHeaders().put(ALLOW);
        return text(HttpStatus.METHOD_NOT_ALLOWED_405, "only GET is answered");
      }
      Supplier<Page> page = pages.get(Request.getPathInContext(request));
      if (page == null) {
        return text(HttpStatus.NOT_FOUND_404, "there is nothing here");
      }
      try {
        return page.get();
      } catch (RuntimeException e) {
        log.warn("{} cannot be answered", Request.getPathInContext(request), e);
        return text(HttpStatus.INTERNAL_SERVER_ERROR_500, "this cannot be told; the log says why");
      }
    }

    private static Page text(int status, String line) {
      return new Page(status, "text/plain;charset=utf-8", line + "\n");
    }
  }
}
