package io.clipstream.streams.console;

import com.fasterxml.jackson.databind.JsonNode;
import io.clipstream.model.UserError;
import io.clipstream.schemas.VideoLabels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.MimeTypes;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.FormFields;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.Promise;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers every request of the console. All threads. */
final class Pages extends Handler.Abstract {
  private static final Logger log = LoggerFactory.getLogger(Pages.class);
  private static final String JSON = "application/json";
  private static final int MOST_JSON = 64 * 1024;
  private static final int MOST_FIELDS = 8;
  private static final int ACTIONS_AT_ONCE = 4;

  /**
   * Nothing but the console's own files runs, nothing is loaded from elsewhere, nothing is made of
   * markup, and nobody frames it.
   */
  private static final HttpFields SECURITY =
      HttpFields.build()
          .add(
              "Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
                  + " 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
                  + " require-trusted-types-for 'script'; trusted-types 'none'")
          .add("Cross-Origin-Opener-Policy", "same-origin")
          .add("Cross-Origin-Resource-Policy", "same-origin")
          .add("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
          // With no-referrer browsers call the origin of a form "null", and nobody could sign in.
          .add("Referrer-Policy", "same-origin")
          .add("X-Content-Type-Options", "nosniff")
          .add("X-Frame-Options", "DENY")
          .asImmutable();

  private final ConsoleOptions options;
  private final Access access;
  private final Feed feed;
  private final PageFiles files;
  private final Semaphore actions = new Semaphore(ACTIONS_AT_ONCE);
  private volatile Optional<Group> group = Optional.empty();

  /** What there is once the instance runs. */
  record Group(
      Actions actions,
      Thumbnails thumbnails,
      Optional<Uploads> uploads,
      Optional<Publishing> publishing) {}

  Pages(ConsoleOptions options, Access access, Feed feed, PageFiles files) {
    this.options = options;
    this.access = access;
    this.feed = feed;
    this.files = files;
  }

  void serve(Group started) {
    group = Optional.of(started);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    response.getHeaders().add(SECURITY);
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    String path = Request.getPathInContext(request);
    if (!access.isHost(request)) {
      Answers.text(response, callback, HttpStatus.MISDIRECTED_REQUEST_421, "this is not its name");
    } else if (request.getMethod().equals("POST")) {
      post(path, request, response, callback);
    } else if (request.getMethod().equals("GET")) {
      try {
        get(path, request, response, callback);
      } catch (RuntimeException e) {
        log.warn("{} of the console cannot be answered", path, e);
        Answers.text(
            response,
            callback,
            HttpStatus.INTERNAL_SERVER_ERROR_500,
            "it failed; the log says why");
      }
    } else {
      response.getHeaders().put(HttpHeader.ALLOW, "GET, POST");
      Answers.text(
          response, callback, HttpStatus.METHOD_NOT_ALLOWED_405, "GET and POST are answered");
    }
    return true;
  }

  private void get(String path, Request request, Response response, Callback callback)
      throws InterruptedException {
    boolean signedIn = access.isSignedIn(request);
    Optional<PageFiles.File> file = files.find(path);
    if (path.equals("/") && !signedIn) {
      Answers.redirect(response, callback, "/login");
    } else if (file.isPresent()) {
      Answers.file(file.get(), request, response, callback);
    } else if (!signedIn) {
      Answers.text(response, callback, HttpStatus.UNAUTHORIZED_401, "sign in first");
    } else if (Access.isOfAnotherSite(request)) {
      Answers.text(response, callback, HttpStatus.FORBIDDEN_403, "the page of another site asks");
    } else if (path.equals("/events")) {
      listen(response, callback);
    } else if (path.equals("/thumbnail")) {
      thumbnail(request, response, callback);
    } else {
      Answers.text(response, callback, HttpStatus.NOT_FOUND_404, "there is nothing here");
    }
  }

  private void listen(Response response, Callback callback) {
    if (!feed.enter()) {
      Answers.text(response, callback, HttpStatus.SERVICE_UNAVAILABLE_503, "too many pages listen");
      return;
    }
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
    response.getHeaders().put("X-Accel-Buffering", "no"); // nginx would wait for more
    EventClient[] client = new EventClient[1];
    client[0] = new EventClient(response, callback, () -> feed.leave(client[0]));
    feed.add(client[0]);
  }

  private void thumbnail(Request request, Response response, Callback callback)
      throws InterruptedException {
    String place = Request.extractQueryParameters(request).getValue("place");
    Optional<byte[]> jpeg =
        place == null ? Optional.empty() : group.flatMap(it -> it.thumbnails().find(place));
    if (jpeg.isEmpty() && place != null && group.isPresent()) {
      Thumbnails thumbnails = group.get().thumbnails();
      Optional<SeenOutcome> outcome = feed.history().find(place);
      if (outcome.isPresent() && outcome.get().record() instanceof VideoLabels labels) {
        if (thumbnails.isBusy()) {
          Answers.text(
              response, callback, HttpStatus.SERVICE_UNAVAILABLE_503, "too many wait for one");
          return;
        }
        jpeg = thumbnails.of(place, labels);
      }
    }
    if (jpeg.isEmpty()) {
      Answers.text(response, callback, HttpStatus.NOT_FOUND_404, "there is no picture");
      return;
    }
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "private, max-age=3600");
    Answers.send(response, callback, HttpStatus.OK_200, "image/jpeg", jpeg.get());
  }

  private void post(String path, Request request, Response response, Callback callback) {
    if (path.equals("/login")) {
      signIn(request, response, callback);
      return;
    }
    if (!access.isSignedIn(request)) {
      Answers.problem(response, callback, HttpStatus.UNAUTHORIZED_401, "sign in first");
      return;
    }
    Optional<String> refusal = access.refusal(request);
    if (refusal.isPresent()) {
      Answers.problem(response, callback, HttpStatus.FORBIDDEN_403, refusal.get());
      return;
    }
    boolean turn = actions.tryAcquire();
    try {
      if (!turn) {
        throw new UserError("too much is being changed at once: try again in a moment");
      }
      Object result = change(path, request);
      Answers.json(response, callback, HttpStatus.OK_200, result);
    } catch (UserError e) {
      Answers.problem(response, callback, HttpStatus.CONFLICT_409, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Answers.problem(response, callback, HttpStatus.SERVICE_UNAVAILABLE_503, "the instance ends");
    } catch (Exception e) {
      log.warn("{} of the console failed: {}", path, e.toString());
      String why = e instanceof ExecutionException ? e.getCause().getMessage() : e.getMessage();
      Answers.problem(
          response, callback, HttpStatus.BAD_GATEWAY_502, "it failed: " + Shown.text(why));
    } finally {
      if (turn) {
        actions.release();
      }
    }
  }

  private Object change(String path, Request request) throws Exception {
    Group started =
        group.orElseThrow(() -> new UserError("the instance is still starting: try again"));
    if (path.equals("/label")) {
      return label(started, request);
    }
    if (path.equals("/publish")) {
      return publish(started, request);
    }
    JsonNode body = json(request);
    return switch (path) {
      case "/retry" -> started.actions().retry(body);
      case "/correct" -> started.actions().correct(body);
      case "/rollout" -> started.actions().rollout(body);
      default -> throw new UserError("there is nothing to change at " + Shown.text(path));
    };
  }

  private Object label(Group started, Request request) throws IOException, InterruptedException {
    var unused = fileLength(request, options.maxUploadBytes());
    Uploads uploads =
        started.uploads().orElseThrow(() -> new UserError("this console labels no files"));
    return uploads.label(parameter(request, "name", "file"), Content.Source.asInputStream(request));
  }

  private Object publish(Group started, Request request) throws IOException {
    Publishing publishing =
        started
            .publishing()
            .filter(allowed -> options.maxModelBytes().isPresent())
            .orElseThrow(
                () ->
                    new UserError(
                        "this console publishes no models: that takes a console.token, and no"
                            + " models.trusted-keys, as they would not be signed"));
    long bytes = fileLength(request, options.maxModelBytes().getAsLong());
    return publishing.receive(
        parameter(request, "name", "model"),
        bytes,
        parameter(request, "author", "console"),
        Content.Source.asInputStream(request));
  }

  private static long fileLength(Request request, long most) {
    long bytes = length(request, most);
    if (bytes == 0) {
      throw new UserError("the file is empty");
    }
    return bytes;
  }

  private static String parameter(Request request, String name, String otherwise) {
    String value = Request.extractQueryParameters(request).getValue(name);
    return value == null || value.isBlank() ? otherwise : Shown.text(value);
  }

  private static JsonNode json(Request request) throws IOException {
    var unused = length(request, MOST_JSON);
    String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    if (type == null || !JSON.equals(MimeTypes.getBase(type))) {
      throw new UserError("the request is " + Shown.text(type) + ", expected " + JSON);
    }
    return Json.object(Content.Source.asString(request, StandardCharsets.UTF_8));
  }

  /** Of the request's content, as it says and the parser holds it to. */
  private static long length(Request request, long most) {
    long bytes = request.getLength();
    if (bytes < 0 || bytes > most) {
      throw new UserError(
          bytes < 0
              ? "the request does not say how long it is"
              : "it has " + bytes + " bytes, expected at most " + most);
    }
    return bytes;
  }

  private void signIn(Request request, Response response, Callback callback) {
    if (!Access.isSameOrigin(request) || request.getLength() > MOST_JSON) {
      Answers.text(
          response, callback, HttpStatus.FORBIDDEN_403, "sign in on the console's own page");
      return;
    }
    // No thread waits for the form: whoever sends it slowly would have them all.
    FormFields.onFields(
        request,
        StandardCharsets.UTF_8,
        MOST_FIELDS,
        MOST_JSON,
        new Promise.Invocable.NonBlocking<>() {
          @Override
          public void succeeded(Fields form) {
            signIn(form.getValue("token"), response, callback);
          }

          @Override
          public void failed(Throwable cause) {
            Answers.text(response, callback, HttpStatus.BAD_REQUEST_400, "this is no form");
          }
        });
  }

  private void signIn(String token, Response response, Callback callback) {
    Optional<String> cookie = token == null ? Optional.empty() : access.signIn(token.strip());
    cookie.ifPresent(value -> response.getHeaders().add(HttpHeader.SET_COOKIE, value));
    Answers.redirect(response, callback, cookie.isPresent() ? "/" : "/login#token");
  }
}
