package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.AddressRules;
import io.clipstream.model.fetch.FetchLimits;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.PortRange;
import io.clipstream.model.fetch.Probes;
import io.clipstream.model.fetch.RetryRules;
import io.clipstream.model.fetch.RootCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads what may be fetched, from where, how much and for how long. */
final class FetchReader {
  private FetchReader() {}

  static FetchPolicy policy(Settings settings) {
    return new FetchPolicy(
        roots(settings),
        addresses(settings),
        limits(settings),
        retries(settings),
        probes(settings));
  }

  private static Probes probes(Settings settings) {
    return new Probes(
        settings.value(
            "fetch.root-marker",
            "the name of a file, or nothing",
            text -> new Probes(given(text), Optional.empty()).rootMarker()),
        settings.value(
            "fetch.probe-name",
            "the name of a host, or nothing",
            text -> new Probes(Optional.empty(), given(text)).hostName()));
  }

  private static Optional<String> given(String text) {
    return Optional.of(text).filter(some -> !some.isEmpty());
  }

  private static List<Path> roots(Settings settings) {
    String key = "fetch.file-roots";
    return settings.value(
        key,
        "folders, separated by commas",
        text -> settings.list(key).stream().map(FetchReader::folder).toList());
  }

  /** One that is not there is waited for: a mount may come later. */
  private static Path folder(String name) {
    Path folder = Path.of(name);
    if (RootCheck.isNoFolder(folder)) {
      throw new UserError(folder + " is no folder");
    }
    return folder.toAbsolutePath().normalize();
  }

  /** Each list becomes rules by itself first, so that a mistake is told under its own key. */
  private static AddressRules addresses(Settings settings) {
    AddressRules rules = AddressRules.defaults();
    String onlyHosts = "fetch.only-hosts";
    String allowPrivate = "fetch.allow-private";
    List<String> hosts =
        settings.value(
            onlyHosts,
            "host names such as media.example.com,*.example.org",
            text -> rules.withOnlyHosts(settings.list(onlyHosts)).onlyHosts());
    List<String> exceptions =
        settings.value(
            allowPrivate,
            "addresses, networks or host names such as 10.20.0.0/16,minio.internal",
            text -> rules.withAllowPrivate(settings.list(allowPrivate)).allowPrivate());
    List<PortRange> ports =
        settings.value("fetch.ports", "ports such as 80,443,1024-65535", PortRange::parse);
    Optional<String> proxy =
        settings.value(
            "fetch.proxy",
            "HOST:PORT, or nothing",
            text ->
                new AddressRules(List.of(), List.of(), rules.ports(), false, given(text)).proxy());
    return new AddressRules(
        hosts, exceptions, ports, settings.flag("fetch.allow-downgrade"), proxy);
  }

  private static FetchLimits limits(Settings settings) {
    long maxBytes = settings.bytes("fetch.max-bytes", FetchLimits.BYTES);
    long maxDisk = settings.bytes("fetch.max-disk", FetchLimits.BYTES);
    settings.ordered("fetch.max-bytes", maxBytes, "fetch.max-disk", maxDisk);
    return new FetchLimits(
        maxBytes,
        maxDisk,
        settings.integer("fetch.max-concurrent", FetchLimits.CONCURRENT),
        settings.duration("fetch.timeout", FetchLimits.TIME),
        settings.duration("fetch.connect-timeout", FetchLimits.TIME),
        settings.duration("fetch.silence", FetchLimits.TIME),
        settings.integer("fetch.max-redirects", FetchLimits.REDIRECTS),
        settings.bytes("fetch.min-rate", FetchLimits.RATE));
  }

  private static RetryRules retries(Settings settings) {
    Duration firstPause = settings.duration("fetch.first-pause", RetryRules.PAUSE);
    Duration longestPause = settings.duration("fetch.longest-pause", RetryRules.PAUSE);
    settings.ordered("fetch.first-pause", firstPause, "fetch.longest-pause", longestPause);
    return new RetryRules(
        settings.integer("fetch.max-attempts", RetryRules.ATTEMPTS), firstPause, longestPause);
  }
}
