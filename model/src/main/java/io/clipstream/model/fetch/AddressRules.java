package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Which servers may be connected to. Without exceptions, only those with addresses of the public
 * internet: no private, loopback, link-local, shared, documentation, multicast or reserved ones, in
 * IPv4 or inside any IPv6 form.
 *
 * @param onlyHosts when not empty, the only hosts that may be named, redirects included: {@code
 *     media.example.com}, or {@code *.example.com} for every name below it
 * @param allowPrivate exceptions: addresses and networks ({@code 10.1.0.0/16}, {@code fd00::/8}),
 *     or host names, whose addresses may then be private. A metadata service of a cloud
 *     (169.254.169.254 and the like) is reached only if its very address is listed
 * @param ports that may be connected to
 * @param allowDowngrade whether a redirect may lead from https to http
 * @param proxy {@code host:port} of an HTTP proxy that every request goes through. The proxy then
 *     looks up the names and must itself keep clients from private addresses; only addresses
 *     written as numbers are still checked here. Proxies of the environment are not used
 */
public record AddressRules(
    List<String> onlyHosts,
    List<String> allowPrivate,
    List<PortRange> ports,
    boolean allowDowngrade,
    Optional<String> proxy) {

  /**
   * @throws UserError if no port is allowed, or a host, network or proxy cannot be read
   */
  public AddressRules {
    onlyHosts = List.copyOf(onlyHosts);
    allowPrivate = List.copyOf(allowPrivate);
    ports = List.copyOf(ports);
    Objects.requireNonNull(proxy, "proxy");
    if (ports.isEmpty()) {
      throw new UserError("no port is allowed; 80,443 is the least that is useful");
    }
    // Parsed here only so that mistakes are reported when the rules are made.
    AddressGuard.check(onlyHosts, allowPrivate, proxy);
  }

  /** Every public host, ports 80, 443 and from 1024 up, no downgrade, no proxy. */
  public static AddressRules defaults() {
    return new AddressRules(
        List.of(), List.of(), PortRange.parse("80,443,1024-65535"), false, Optional.empty());
  }

  /** The same rules with these exceptions for private addresses. */
  public AddressRules withAllowPrivate(List<String> hostsAndNetworks) {
    return new AddressRules(onlyHosts, hostsAndNetworks, ports, allowDowngrade, proxy);
  }

  /** The same rules for these hosts alone. */
  public AddressRules withOnlyHosts(List<String> hosts) {
    return new AddressRules(hosts, allowPrivate, ports, allowDowngrade, proxy);
  }
}
