package io.clipstream.streams.ingest;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.URIScheme;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * Videos from HTTP servers, one attempt at a time. All threads.
 *
 * <p>Apache HttpClient does the protocol, without any of its automatic ways: redirects, retries,
 * decompression, cookies and authentication are off, because each would go round the rules here.
 * Sockets are those of channels, which an interrupt closes, and a timer closes those whose time is
 * up, wherever they are in the exchange.
 */
final class HttpSource implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> PASSING = Set.of(408, 425, 429);
  private static final Set<String> COMPRESSIONS =
      Set.of("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress");
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");
  private static final String REQUEST = "clipstream.request";
  private static final int MAX_HEADERS = 200;
  private static final int MAX_HEADER_BYTES = 16_384;

  private final AddressRules rules;
  private final FetchLimits limits;
  private final AddressGuard guard;
  private final FetchClock clock;
  private final CloseableHttpClient client;
  private final ExecutorService lookups;
  private final ScheduledThreadPoolExecutor timer;

  HttpSource(FetchPolicy policy, HostLookup lookup, FetchClock clock, SSLContext tls) {
    this.rules = policy.addresses();
    this.limits = policy.limits();
    this.guard = new AddressGuard(rules);
    this.clock = clock;
    AtomicInteger numbers = new AtomicInteger();
    this.lookups =
        Executors.newCachedThreadPool(
            task -> daemon(task, "fetch-lookup-" + numbers.incrementAndGet()));
    this.timer = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "fetch-timer"));
    timer.setRemoveOnCancelPolicy(true);
    Optional<ProxyAddress> proxy = rules.proxy().map(ProxyAddress::parse);
    Duration connect = shorter(limits.connect(), limits.total());
    DnsResolver resolver = new CheckedResolver(lookup, guard, proxy.isPresent(), connect, lookups);
    Http1Config parsing =
        Http1Config.custom()
            .setMaxHeaderCount(MAX_HEADERS)
            .setMaxLineLength(MAX_HEADER_BYTES)
            .build();
    this.client =
        HttpClients.custom()
            .setConnectionManager(
                new InterruptibleConnections()
                    .setDnsResolver(resolver)
                    .setTlsSocketStrategy(new DefaultClientTlsStrategy(tls))
                    .setConnectionFactory(
                        ManagedHttpClientConnectionFactory.builder()
                            .http1Config(parsing)
                            .charCodingConfig(
                                CharCodingConfig.custom()
                                    .setCharset(StandardCharsets.ISO_8859_1)
                                    .build())
                            .build())
                    .setMaxConnTotal(limits.maxConcurrent())
                    .setMaxConnPerRoute(limits.maxConcurrent())
                    .setDefaultSocketConfig(
                        SocketConfig.custom().setSoTimeout(timeout(limits.silence())).build())
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(timeout(connect))
                            .setSocketTimeout(timeout(limits.silence()))
                            .setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                            .setTimeToLive(TimeValue.ofMinutes(1))
                            .build())
                    .build())
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setResponseTimeout(timeout(limits.silence()))
                    .setProtocolUpgradeEnabled(false)
                    .setAuthenticationEnabled(false)
                    .build())
            .setUserAgent("clipstream")
            .setProxy(proxy.map(p -> new HttpHost("http", p.host(), p.port())).orElse(null))
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableContentCompression()
            .disableCookieManagement()
            .disableAuthCaching()
            .build();
  }

  /**
   * Brings all bytes of the video into the download, or what can be had of them.
   *
   * @throws FetchFailure if it could not; the download may be continued in another attempt
   */
  void attempt(HttpTarget first, Download download, Deadline deadline)
      throws FetchFailure, InterruptedException {
    HttpTarget target = first;
    for (int redirects = 0; ; redirects++) {
      guard.checkTarget(target);
      deadline.check();
      Optional<HttpTarget> next = exchange(target, download, deadline);
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

  /** One request and its answer: empty once the body is complete, or where it redirects to. */
  private Optional<HttpTarget> exchange(HttpTarget target, Download download, Deadline deadline)
      throws FetchFailure, InterruptedException {
    HttpGet request = request(target, download);
    AtomicBoolean expired = new AtomicBoolean();
    ScheduledFuture<?> alarm = alarm(request, expired, deadline);
    try {
      ClassicHttpResponse response =
          client.executeOpen(
              new HttpHost(target.scheme(), target.host(), target.port()),
              request,
              context(request));
      Optional<HttpTarget> redirect = redirect(target, response);
      if (redirect.isPresent()) {
        return redirect;
      }
      checkStatus(target, response);
      // Waiting for room on disk is not the server's time.
      alarm.cancel(false);
      begin(target, response, download, deadline);
      alarm = alarm(request, expired, deadline);
      copy(target, response, download, deadline);
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
        throw explain(target, network);
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

  private ScheduledFuture<?> alarm(HttpGet request, AtomicBoolean expired, Deadline deadline) {
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

  private void checkStatus(HttpTarget target, ClassicHttpResponse response) throws FetchFailure {
    int status = response.getCode();
    String detail = target.label() + " answers HTTP " + status;
    if (status == 200 || status == 206) {
      return;
    }
    if (status == 401 || status == 403 || status == 407) {
      throw FetchFailure.lasting(FetchReason.ACCESS_DENIED, detail);
    }
    if (status == 404 || status == 410) {
      throw FetchFailure.lasting(FetchReason.NOT_FOUND, detail);
    }
    if (PASSING.contains(status) || status >= 500) {
      throw FetchFailure.passing(FetchReason.FETCH_FAILED, detail, retryAfter(response));
    }
    throw FetchFailure.lasting(FetchReason.FETCH_FAILED, detail);
  }

  /** Makes the download ready for this body: at its end, or from the start. */
  private void begin(
      HttpTarget target, ClassicHttpResponse response, Download download, Deadline deadline)
      throws FetchFailure, InterruptedException {
    String encoding = value(response, HttpHeaders.CONTENT_ENCODING).toLowerCase(Locale.ROOT);
    if (COMPRESSIONS.contains(encoding)) {
      throw FetchFailure.lasting(
          FetchReason.FETCH_FAILED,
          target.label()
              + " sends the video compressed ("
              + encoding
              + "), which was not asked for");
    }
    HttpEntity body = response.getEntity();
    long length = body == null ? 0 : body.getContentLength();
    if (response.getCode() == 206) {
      Matcher range = CONTENT_RANGE.matcher(value(response, HttpHeaders.CONTENT_RANGE));
      if (download.version().isEmpty()
          || !range.matches()
          || Long.parseLong(range.group(1)) != download.bytes()) {
        throw FetchFailure.lasting(
            FetchReason.FETCH_FAILED, target.label() + " sends a part that was not asked for");
      }
      return;
    }
    if (length > limits.maxBytes()) {
      throw tooLarge(target, "has " + length + " bytes");
    }
    download.restart(length, limits.maxBytes(), version(response), deadline);
  }

  private void copy(
      HttpTarget target, ClassicHttpResponse response, Download download, Deadline deadline)
      throws IOException, FetchFailure, InterruptedException {
    HttpEntity body = response.getEntity();
    if (body == null) {
      return;
    }
    byte[] buffer = new byte[1 << 16];
    // Not closed: closing reads on to the end. Reading to the end gives the connection back.
    @SuppressWarnings("resource")
    InputStream in = body.getContent();
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      if (download.bytes() + n > download.held()) {
        throw download.expected() < 0
            ? tooLarge(target, "sends more")
            : FetchFailure.lasting(
                FetchReason.FETCH_FAILED, target.label() + " sends more than it announced");
      }
      download.write(buffer, n);
      deadline.check();
    }
    // Complete as an answer, but it may be an answer with a shorter part than was asked for.
    if (download.expected() > download.bytes()) {
      throw FetchFailure.passing(
          FetchReason.FETCH_FAILED,
          target.label()
              + " sent "
              + download.bytes()
              + " of "
              + download.expected()
              + " bytes and stopped");
    }
  }

  private FetchFailure tooLarge(HttpTarget target, String what) {
    return FetchFailure.lasting(
        FetchReason.FILE_TOO_LARGE,
        target.label() + " " + what + "; at most " + limits.maxBytes() + " bytes are fetched");
  }

  private FetchFailure explain(HttpTarget target, IOException failed) {
    String label = target.label();
    if (failed instanceof CheckedResolver.ForbiddenAddressException forbidden) {
      return FetchFailure.lasting(FetchReason.FORBIDDEN_ADDRESS, forbidden.getMessage());
    }
    if (failed instanceof UnknownHostException) {
      return FetchFailure.passing(
          FetchReason.FETCH_FAILED, label + ": no address is known for " + target.host());
    }
    if (failed instanceof ConnectTimeoutException) {
      return FetchFailure.passing(
          FetchReason.FETCH_FAILED,
          label + ": no connection within " + Sizes.seconds(limits.connect()));
    }
    if (failed instanceof SocketTimeoutException) {
      // A TLS handshake that stalls ends here too, after the connect time.
      return FetchFailure.passing(
          FetchReason.FETCH_TIMEOUT,
          label + ": not a byte came for " + Sizes.seconds(limits.silence()));
    }
    if (failed instanceof MessageConstraintException) {
      return FetchFailure.lasting(
          FetchReason.FETCH_FAILED,
          label
              + " sends more than "
              + MAX_HEADERS
              + " headers, or one of more than "
              + MAX_HEADER_BYTES
              + " bytes");
    }
    if (failed instanceof ClientProtocolException) {
      return FetchFailure.lasting(
          FetchReason.FETCH_FAILED, label + " does not answer in proper HTTP");
    }
    if (failed instanceof SSLException tls) {
      String detail = label + ": TLS: " + tls.getMessage();
      return isCertificate(tls)
          ? FetchFailure.lasting(FetchReason.FETCH_FAILED, detail)
          : FetchFailure.passing(FetchReason.FETCH_FAILED, detail);
    }
    String cause = failed.getMessage() == null ? failed.toString() : failed.getMessage();
    return FetchFailure.passing(FetchReason.FETCH_FAILED, label + ": " + cause);
  }

  private static boolean isCertificate(Throwable failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException || cause instanceof SSLPeerUnverifiedException) {
        return true;
      }
    }
    return false;
  }

  /** The strong entity tag if the server can continue from it. */
  private static Optional<String> version(ClassicHttpResponse response) {
    String tag = value(response, HttpHeaders.ETAG);
    boolean strong = tag.length() > 2 && tag.startsWith("\"") && tag.endsWith("\"");
    boolean continues = value(response, "Accept-Ranges").equalsIgnoreCase("bytes");
    return strong && continues ? Optional.of(tag) : Optional.empty();
  }

  private Optional<Duration> retryAfter(HttpResponse response) {
    String value = value(response, HttpHeaders.RETRY_AFTER);
    if (SECONDS.matcher(value).matches()) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
    }
    Instant date = DateUtils.parseStandardDate(value);
    return Optional.ofNullable(date).map(moment -> Duration.between(clock.now(), moment));
  }

  private static String value(HttpResponse response, String name) {
    Header header = response.getFirstHeader(name);
    return header == null || header.getValue() == null ? "" : header.getValue().strip();
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
    timer.shutdownNow();
    lookups.shutdownNow();
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Timeout timeout(Duration time) {
    return Timeout.ofMilliseconds(Math.max(1, time.toMillis()));
  }

  private static HttpClientContext context(HttpGet request) {
    HttpClientContext context = HttpClientContext.create();
    context.setAttribute(REQUEST, request);
    return context;
  }

  /** A connection manager whose sockets belong to channels, so that an interrupt closes them. */
  private static final class InterruptibleConnections
      extends PoolingHttpClientConnectionManagerBuilder {
    @Override
    protected HttpClientConnectionOperator createConnectionOperator(
        SchemePortResolver ports, DnsResolver resolver, TlsSocketStrategy tls) {
      return new DefaultHttpClientConnectionOperator(
          socks -> SocketChannel.open().socket(),
          ports,
          resolver,
          RegistryBuilder.<TlsSocketStrategy>create().register(URIScheme.HTTPS.id, tls).build()) {
        @Override
        protected void onBeforeSocketConnect(HttpContext context, HttpHost host) {
          // HttpClient itself goes on to the host's next address when the last was cancelled.
          if (((HttpGet) context.getAttribute(REQUEST)).isCancelled()) {
            throw new IllegalStateException("cancelled");
          }
        }
      };
    }
  }
}
