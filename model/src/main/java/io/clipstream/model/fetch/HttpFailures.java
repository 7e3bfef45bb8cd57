package io.clipstream.model.fetch;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.MessageConstraintException;

/** What an answer's status or a broken exchange means for a fetch, and who is to blame for it. */
final class HttpFailures {
  private static final Set<Integer> PASSING = Set.of(408, 425);
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

  private HttpFailures() {}

  /** Refuses all but 200 and 206. */
  static void checkStatus(HttpTarget target, HttpResponse response, FetchClock clock)
      throws FetchFailure {
    int status = response.getCode();
    String detail = target.label() + " answers HTTP " + status;
    if (status == 200 || status == 206) {
      return;
    }
    if (status == 401 || status == 403) {
      throw FetchFailure.lasting(FetchReason.ACCESS_DENIED, detail);
    }
    if (status == 407) {
      throw FetchFailure.ofOriginLasting(FetchReason.ACCESS_DENIED, detail); // The proxy's.
    }
    if (status == 404 || status == 410) {
      throw FetchFailure.lasting(FetchReason.NOT_FOUND, detail);
    }
    Optional<Duration> retryAfter = retryAfter(response, clock);
    if (status == 429 || (status >= 500 && retryAfter.isPresent())) {
      throw FetchFailure.ofOrigin(FetchReason.FETCH_FAILED, detail, retryAfter);
    }
    if (PASSING.contains(status) || status >= 500) {
      throw FetchFailure.passing(FetchReason.FETCH_FAILED, detail);
    }
    throw FetchFailure.lasting(FetchReason.FETCH_FAILED, detail);
  }

  /**
   * Why the exchange with the target broke.
   *
   * @param limits that it had
   */
  static FetchFailure explain(HttpTarget target, IOException failed, FetchLimits limits) {
    String label = target.label();
    if (failed instanceof CheckedResolver.ForbiddenAddressException forbidden) {
      return FetchFailure.lasting(FetchReason.FORBIDDEN_ADDRESS, forbidden.getMessage());
    }
    if (OutOfFiles.isCauseOf(failed)) {
      return FetchFailure.ofInstance(label + ": no file descriptor is left (ulimit -n)");
    }
    if (failed instanceof CheckedResolver.LookupDownException) {
      return FetchFailure.ofOrigin(
          FetchReason.FETCH_FAILED,
          label + ": no address for " + target.host() + ", as name lookup does not work");
    }
    if (failed instanceof UnknownHostException) {
      return FetchFailure.ofFile(
          FetchReason.FETCH_FAILED, label + ": no address is known for " + target.host());
    }
    if (failed instanceof ConnectTimeoutException) {
      return FetchFailure.ofOrigin(
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
              + CheckedHttpClient.MAX_HEADERS
              + " headers, or one of more than "
              + CheckedHttpClient.MAX_HEADER_BYTES
              + " bytes");
    }
    if (failed instanceof ClientProtocolException) {
      return FetchFailure.lasting(
          FetchReason.FETCH_FAILED, label + " does not answer in proper HTTP");
    }
    if (failed instanceof SSLException tls) {
      String detail = label + ": TLS: " + tls.getMessage();
      return isCertificate(tls)
          ? FetchFailure.ofOriginLasting(FetchReason.FETCH_FAILED, detail)
          : FetchFailure.passing(FetchReason.FETCH_FAILED, detail);
    }
    String cause = failed.getMessage() == null ? failed.toString() : failed.getMessage();
    return failed instanceof ConnectException || failed instanceof NoRouteToHostException
        ? FetchFailure.ofOrigin(FetchReason.FETCH_FAILED, label + ": " + cause)
        : FetchFailure.passing(FetchReason.FETCH_FAILED, label + ": " + cause);
  }

  private static boolean isCertificate(Throwable failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException || cause instanceof SSLPeerUnverifiedException) {
        return true;
      }
    }
    return false;
  }

  private static Optional<Duration> retryAfter(HttpResponse response, FetchClock clock) {
    String value = HttpSource.value(response, HttpHeaders.RETRY_AFTER);
    if (SECONDS.matcher(value).matches()) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
    }
    Instant date = DateUtils.parseStandardDate(value);
    return Optional.ofNullable(date).map(moment -> Duration.between(clock.now(), moment));
  }
}
