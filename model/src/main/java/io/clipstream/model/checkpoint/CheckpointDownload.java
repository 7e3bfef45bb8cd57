package io.clipstream.model.checkpoint;

import io.clipstream.model.Sha256;
import io.clipstream.model.fetch.AddressRules;
import io.clipstream.model.fetch.ExpectedDigest;
import io.clipstream.model.fetch.FetchLimits;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FetchProgress;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FetchSystemException;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.Probes;
import io.clipstream.model.fetch.RetryRules;
import io.clipstream.model.fetch.UriLabel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * Brings a checkpoint from the {@code https:} address that a person named into a folder, once; a
 * download that broke off is continued ({@link FileFetcher#keep}). All threads.
 *
 * <p>The named host may have a private address, since a person chose it; where it redirects to may
 * not, and never without encryption. Java's {@code https.proxyHost} and {@code https.proxyPort} are
 * obeyed.
 */
public final class CheckpointDownload {
  /** Digits of the SHA-256 at the end of a name: {@code swin3d_t-7615ae03.pth}. */
  private static final Pattern NAMED_DIGEST = Pattern.compile(".*-([0-9a-f]{8,64})\\.[A-Za-z0-9]+");

  /** Days, alone or with a time: trainers put them where others put a digest. */
  private static final Pattern DATE =
      Pattern.compile("(19|20)\\d\\d(0[1-9]|1[0-2])(0[1-9]|[12]\\d|3[01])(\\d{4}|\\d{6})?");

  private static final FetchLimits LIMITS =
      new FetchLimits(
          16L << 30,
          16L << 30,
          1,
          Duration.ofDays(1),
          Duration.ofSeconds(20),
          Duration.ofSeconds(60),
          5,
          0);

  private final Path folder;
  private final FetchProgress progress;
  private final SSLContext tls;
  private final RetryRules retries;

  /**
   * @param folder kept between runs; made if it does not exist
   */
  public CheckpointDownload(Path folder, FetchProgress progress) {
    this(
        folder,
        progress,
        defaultTls(),
        new RetryRules(5, Duration.ofSeconds(1), Duration.ofSeconds(30)));
  }

  CheckpointDownload(Path folder, FetchProgress progress, SSLContext tls, RetryRules retries) {
    this.folder = folder;
    this.progress = progress;
    this.tls = tls;
    this.retries = retries;
  }

  /**
   * Downloads, or finds what was downloaded before if its digest is known.
   *
   * @param sha256 that the file must have; by default the digits in its name
   * @throws IOException if it cannot be had or has another digest; one line that names the address,
   *     without its query
   */
  public Path fetch(URI address, Optional<ExpectedDigest> sha256)
      throws IOException, InterruptedException {
    String label = UriLabel.of(address.toString());
    if (!"https".equalsIgnoreCase(address.getScheme()) || address.getHost() == null) {
      throw new IOException(label + ": expected an https: address");
    }
    String path = Optional.ofNullable(address.getPath()).orElse("");
    String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
    if (name.isBlank() || name.startsWith(".") || name.length() > 150) {
      name = "checkpoint";
    }
    Optional<ExpectedDigest> expected = sha256.isPresent() ? sha256 : namedDigest(name);
    // Two addresses can end alike.
    Path home = folder.resolve(Sha256.of(address.toString()).substring(0, 16));
    FetchResult result;
    try (FileFetcher fetcher = new FileFetcher(policy(address), folder, tls)) {
      result = fetcher.keep(address.toString(), home.resolve(name), expected, progress);
    } catch (FetchSystemException broken) {
      throw new IOException(label + ": " + broken.getMessage(), broken);
    }
    if (result instanceof FetchResult.Rejected rejected) {
      String detail = rejected.detail();
      throw new IOException(detail.contains(label) ? detail : label + ": " + detail);
    }
    return ((FetchResult.Fetched) result).file().path();
  }

  private FetchPolicy policy(URI address) {
    String host = address.getHost().replaceAll("[\\[\\]]", "");
    Optional<String> proxy =
        Optional.ofNullable(System.getProperty("https.proxyHost"))
            .filter(proxyHost -> !proxyHost.isBlank())
            .map(proxyHost -> proxyHost + ":" + System.getProperty("https.proxyPort", "443"));
    AddressRules usual = AddressRules.defaults();
    AddressRules rules =
        new AddressRules(
            usual.onlyHosts(), List.of(host), usual.ports(), usual.allowDowngrade(), proxy);
    return new FetchPolicy(List.of(), rules, LIMITS, retries, Probes.NONE);
  }

  private static SSLContext defaultTls() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException broken) {
      throw new FetchSystemException("TLS cannot be set up: " + broken.getMessage(), broken);
    }
  }

  /**
   * The first 8 to 64 hex digits of a file's SHA-256 that its name ends with, as that of {@code
   * swin3d_t-7615ae03.pth} does. A date such as 20240115 is taken for none.
   */
  public static Optional<ExpectedDigest> namedDigest(String fileName) {
    Matcher named = NAMED_DIGEST.matcher(fileName);
    return named.matches() && !DATE.matcher(named.group(1)).matches()
        ? Optional.of(new ExpectedDigest(named.group(1)))
        : Optional.empty();
  }
}
