package io.clipstream.model.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;

/**
 * The body of an answer 200 or 206, on its way into a download: all of a file, or what follows the
 * bytes that are here. One thread.
 */
record HttpBody(HttpTarget target, ClassicHttpResponse response, FetchLimits limits) {
  private static final Set<String> COMPRESSIONS =
      Set.of("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress");
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");

  /** Whether nothing follows the bytes that are here; forgets them if they are no part of it. */
  static boolean isComplete(HttpTarget target, ClassicHttpResponse response, Download download)
      throws FetchFailure, InterruptedException {
    if (response.getCode() != 416 || download.version().isEmpty()) {
      return false;
    }
    if (HttpSource.value(response, HttpHeaders.CONTENT_RANGE)
        .equals("bytes */" + download.bytes())) {
      return true;
    }
    download.forget();
    throw FetchFailure.passing(
        FetchReason.FETCH_FAILED, target.label() + " cannot continue what it began");
  }

  /** Makes the download ready for this body: at its end, or from the start. */
  void begin(Download download) throws FetchFailure, InterruptedException {
    String encoding =
        HttpSource.value(response, HttpHeaders.CONTENT_ENCODING).toLowerCase(Locale.ROOT);
    if (COMPRESSIONS.contains(encoding)) {
      throw FetchFailure.lasting(
          FetchReason.FETCH_FAILED,
          target.label()
              + " sends the file compressed ("
              + encoding
              + "), which was not asked for");
    }
    if (response.getCode() == 206) {
      if (download.version().isPresent() && isOfAnother(download.version().get())) {
        download.forget();
        throw FetchFailure.passing(
            FetchReason.FETCH_FAILED, target.label() + " continues another file than it began");
      }
      Matcher range = CONTENT_RANGE.matcher(HttpSource.value(response, HttpHeaders.CONTENT_RANGE));
      if (download.version().isEmpty()
          || !range.matches()
          || Long.parseLong(range.group(1)) != download.bytes()) {
        download.forget();
        throw FetchFailure.lasting(
            FetchReason.FETCH_FAILED, target.label() + " sends a part that was not asked for");
      }
      long whole = range.group(3).equals("*") ? -1 : Long.parseLong(range.group(3));
      checkSize(whole);
      download.resume(whole, limits.maxBytes());
      return;
    }
    HttpEntity body = response.getEntity();
    long length = body == null ? 0 : body.getContentLength();
    checkSize(length);
    download.restart(length, limits.maxBytes(), version());
  }

  /** A server that goes by If-Range never says so (RFC 9110, section 15.3.7); some do not. */
  private boolean isOfAnother(String version) {
    String mine =
        HttpSource.value(
            response, version.startsWith("\"") ? HttpHeaders.ETAG : HttpHeaders.LAST_MODIFIED);
    return !mine.isEmpty() && !mine.equals(version);
  }

  private void checkSize(long length) throws FetchFailure {
    if (length > limits.maxBytes()) {
      throw tooLarge("has " + length + " bytes");
    }
  }

  /** Writes it into the download, which {@link #begin} made ready. */
  void copy(Download download, Deadline deadline)
      throws IOException, FetchFailure, InterruptedException {
    HttpEntity body = response.getEntity();
    if (body == null) {
      return;
    }
    byte[] buffer = new byte[1 << 16];
    // Not closed: closing reads on to the end. Reading to the end gives the connection back.
    @SuppressWarnings("resource")
    InputStream in = body.getContent();
    Pace pace = new Pace(target, limits);
    for (int n = pace.read(in, buffer); n >= 0; n = pace.read(in, buffer)) {
      if (download.bytes() + n > download.limit()) {
        boolean unannounced = download.expected() < 0;
        download.forget();
        throw unannounced
            ? tooLarge("sends more")
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

  private FetchFailure tooLarge(String what) {
    return FetchFailure.lasting(
        FetchReason.FILE_TOO_LARGE,
        target.label() + " " + what + "; at most " + limits.maxBytes() + " bytes are fetched");
  }

  /**
   * What tells this file from a changed one, if the server can continue it: a strong entity tag, or
   * a time of change that is strong (RFC 9110, sections 8.8.2.2 and 13.1.5).
   */
  private Optional<String> version() {
    if (HttpSource.value(response, HttpHeaders.ACCEPT_RANGES).equalsIgnoreCase("none")) {
      return Optional.empty();
    }
    String tag = HttpSource.value(response, HttpHeaders.ETAG);
    if (tag.length() > 2 && tag.startsWith("\"") && tag.endsWith("\"")) {
      return Optional.of(tag);
    }
    String modified = HttpSource.value(response, HttpHeaders.LAST_MODIFIED);
    Instant changed = DateUtils.parseStandardDate(modified);
    Instant sent = DateUtils.parseStandardDate(HttpSource.value(response, HttpHeaders.DATE));
    return changed != null && sent != null && changed.isBefore(sent)
        ? Optional.of(modified)
        : Optional.empty();
  }
}
