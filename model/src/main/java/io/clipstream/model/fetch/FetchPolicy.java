package io.clipstream.model.fetch;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * What the fetcher may read, from where, how much and for how long.
 *
 * @param fileRoots folders under which {@code file:} references may lie, absolute; none: no file
 *     may be read
 * @param addresses which hosts, ports and addresses may be connected to
 * @param limits bytes, times and redirects
 * @param retries how often and how soon a failed fetch is tried again
 * @param probes what tells a broken system from a missing file
 */
public record FetchPolicy(
    List<Path> fileRoots,
    AddressRules addresses,
    FetchLimits limits,
    RetryRules retries,
    Probes probes) {

  public FetchPolicy {
    fileRoots = List.copyOf(fileRoots);
    Objects.requireNonNull(addresses, "addresses");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(retries, "retries");
    Objects.requireNonNull(probes, "probes");
    for (Path root : fileRoots) {
      if (!root.isAbsolute()) {
        throw new IllegalArgumentException(
            "file root '" + root + "' is relative; an absolute path is needed");
      }
    }
  }

  /** Public internet addresses only, no files; the limits' and retries' defaults. */
  public static FetchPolicy defaults() {
    return new FetchPolicy(
        List.of(),
        AddressRules.defaults(),
        FetchLimits.defaults(),
        RetryRules.defaults(),
        Probes.NONE);
  }

  public FetchPolicy withFileRoots(List<Path> roots) {
    return new FetchPolicy(roots, addresses, limits, retries, probes);
  }

  public FetchPolicy withAddresses(AddressRules rules) {
    return new FetchPolicy(fileRoots, rules, limits, retries, probes);
  }

  public FetchPolicy withLimits(FetchLimits newLimits) {
    return new FetchPolicy(fileRoots, addresses, newLimits, retries, probes);
  }

  public FetchPolicy withRetries(RetryRules rules) {
    return new FetchPolicy(fileRoots, addresses, limits, rules, probes);
  }

  public FetchPolicy withProbes(Probes newProbes) {
    return new FetchPolicy(fileRoots, addresses, limits, retries, newProbes);
  }
}
