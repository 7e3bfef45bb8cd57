package io.clipstream.model.fetch;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpHead;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpResponse;

/**
 * Files from HTTP servers, one attempt at a time. A timer closes the connections whose time is up,
 * wherever they are in the exchange. All threads.
 */
final class HttpSource implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final AddressRules rules;
  private final FetchLimits limits;
  private final AddressGuard guard;
  private final FetchClock clock;
  private final CheckedHttpClient client;
  private final ScheduledThreadPoolExecutor timer;

  HttpSource(FetchPolicy policy, HostLookup lookup, FetchClock clock, SSLContext tls) {
    this.rules = policy.addresses();
    this.limits = policy.limits();
    this.guard = new AddressGuard(rules);
    this.clock = clock;
    this.client =
        new CheckedHttpClient(rules, limits, guard, lookup, policy.probes().hostName(), tls);
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "fetch-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
  }

  /**
   * Brings all bytes of the file into the download, or what can be had of them.
   *
   * @throws FetchFailure if it could not; the download may be continued in another attempt
   */
  void attempt(HttpTarget first, Download download, Deadline deadline)
      throws FetchFailure, InterruptedException {
    HttpTarget target = first;
    for (int redirects = 0; ; redirects++) {
      guard.checkTarget(target);
      deadline.check();
      Optional<HttpTarget> next;
      try {
        next = exchange(target, download, deadline);
      } catch (FetchFailure failed) {
        throw Origin.of(target).equals(Origin.of(first)) ? failed : failed.at(target);
      }
      if (next.isEmpty()) {
        return;
      }
      if (redirects == limits.maxRedirects()) {
        throw FetchFailure.lasting(
            FetchReason.TOO_MANY_REDIRECTS,
            first.label() + " leads to more than " + limits.maxRedirects() + " redirects");
      }
      if (target.isEncrypted() && !next.get().isEncrypted() && !rules.allowDowngrade()) {
        throw FetchFailure.lasting(
            FetchReason.FORBIDDEN_ADDRESS, target.label() + " redirects from https to http");
      }
      target = next.get();
    }
  }

  /**
   * Whether a server answers anything at all but that it is broken or busy, to a request for the
   * head of its root.
   *
   * @param target any of the server's
   */
  boolean answers(HttpTarget target, Deadline deadline) throws InterruptedException {
    HttpHead request = new HttpHead("/");
    ScheduledFuture<?> alarm = alarm(request, new AtomicBoolean(), deadline);
    try {
      guard.checkTarget(target);
      int status = client.execute(target, request).getCode();
      return status < 500 && status != 429;
    } catch (FetchFailure | IOException | IllegalStateException failed) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return false;
    } finally {
      alarm.cancel(false);
      request.cancel();
    }
  }

  /** One request and its answer: empty once the body is complete, or where it redirects to. */
  private Optional<HttpTarget> exchange(HttpTarget target, Download download, Deadline deadline)
      throws FetchFailure, InterruptedException {
    HttpGet request = request(target, download);
    AtomicBoolean expired = new AtomicBoolean();
    ScheduledFuture<?> alarm = alarm(request, expired, deadline);
    try {
      ClassicHttpResponse response = client.execute(target, request);
      Optional<HttpTarget> redirect = redirect(target, response);
      if (redirect.isPresent()) {
        return redirect;
      }
      if (HttpBody.isComplete(target, response, download)) {
        return Optional.empty();
      }
      HttpFailures.checkStatus(target, response, clock);
      HttpBody body = new HttpBody(target, response, limits);
      body.begin(download);
      body.copy(download, deadline);
      if (expired.get()) {
        // A body without a length ends where its connection ends, cut off or not.
        throw deadline.expired();
      }
      return Optional.empty();
    } catch (IOException | IllegalStateException failed) {
      // HttpClient throws IllegalStateException when it is cancelled or closed at certain moments.
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (expired.get()) {
        throw deadline.expired();
      }
      if (failed instanceof IOException network) {
        throw HttpFailures.explain(target, network, limits);
      }
      throw FetchFailure.passing(
          FetchReason.FETCH_FAILED, target.label() + ": the connection was closed");
    } finally {
      alarm.cancel(false);
      // Without it, closing would first read whatever the server has still to say.
      request.cancel();
    }
  }

  private HttpGet request(HttpTarget target, Download download) {
    HttpGet request = new HttpGet("/");
    request.setPath(target.pathAndQuery());
    request.setHeader(HttpHeaders.ACCEPT, "*/*");
    request.setHeader(HttpHeaders.ACCEPT_ENCODING, "identity");
    download
        .version()
        .ifPresent(
            version -> {
              request.setHeader(HttpHeaders.RANGE, "bytes=" + download.bytes() + "-");
              request.setHeader(HttpHeaders.IF_RANGE, version);
            });
    return request;
  }

  private ScheduledFuture<?> alarm(
      HttpUriRequestBase request, AtomicBoolean expired, Deadline deadline) {
    return timer.schedule(
        () -> {
          expired.set(true);
          request.cancel();
        },
        Math.max(0, deadline.remaining()),
        NANOSECONDS);
  }

  private static Optional<HttpTarget> redirect(HttpTarget target, ClassicHttpResponse response)
      throws FetchFailure {
    if (!REDIRECTS.contains(response.getCode())) {
      return Optional.empty();
    }
    Header location = response.getFirstHeader(HttpHeaders.LOCATION);
    if (location == null || location.getValue() == null || location.getValue().isBlank()) {
      throw FetchFailure.lasting(
          FetchReason.FETCH_FAILED,
          target.label() + " answers " + response.getCode() + " without saying where to go");
    }
    return Optional.of(target.redirect(location.getValue()));
  }

  static String value(HttpResponse response, String name) {
    Header header = response.getFirstHeader(name);
    return header == null || header.getValue() == null ? "" : header.getValue().strip();
  }

  @Override
  public void close() {
    client.close();
    timer.shutdownNow();
  }
}
