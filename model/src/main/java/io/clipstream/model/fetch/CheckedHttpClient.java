package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
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
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpHost;
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
 * Apache HttpClient for the protocol, with everything automatic switched off: redirects, retries,
 * decompression, cookies and authentication would each bypass the rules of this package. Names are
 * looked up by a {@link CheckedResolver} alone. Sockets are those of channels, which an interrupt
 * closes. All threads.
 */
final class CheckedHttpClient implements AutoCloseable {
  /** Limits for an answer's headers. */
  static final int MAX_HEADERS = 200;

  static final int MAX_HEADER_BYTES = 16_384;
  private static final String REQUEST = "clipstream.request";

  private final CloseableHttpClient client;
  private final ExecutorService lookups;

  CheckedHttpClient(
      AddressRules rules,
      FetchLimits limits,
      AddressGuard guard,
      HostLookup lookup,
      Optional<String> lookupProbe,
      SSLContext tls) {
    AtomicInteger numbers = new AtomicInteger();
    this.lookups =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "fetch-lookup-" + numbers.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    Optional<ProxyAddress> proxy = rules.proxy().map(ProxyAddress::parse);
    Duration connect = shorter(limits.connect(), limits.total());
    DnsResolver resolver =
        new CheckedResolver(lookup, guard, proxy.isPresent(), connect, lookups, lookupProbe);
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
   * Sends a request and reads the head of its answer. The body is the caller's, who cancels the
   * request when done with it.
   */
  ClassicHttpResponse execute(HttpTarget target, HttpUriRequestBase request) throws IOException {
    HttpClientContext context = HttpClientContext.create();
    context.setAttribute(REQUEST, request);
    return client.executeOpen(
        new HttpHost(target.scheme(), target.host(), target.port()), request, context);
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
    lookups.shutdownNow();
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Timeout timeout(Duration time) {
    return Timeout.ofMilliseconds(Math.max(1, time.toMillis()));
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
          if (((HttpUriRequestBase) context.getAttribute(REQUEST)).isCancelled()) {
            throw new IllegalStateException("cancelled");
          }
        }
      };
    }
  }
}
