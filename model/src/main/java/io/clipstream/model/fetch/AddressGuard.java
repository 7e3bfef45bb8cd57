package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Says which hosts and addresses the {@link AddressRules} refuse, and why. All threads.
 *
 * <p>Sources: IANA's registries of special-purpose IPv4 and IPv6 addresses (RFC 6890 and its
 * followers). For IPv6 it is an allow-list: only 2000::/3, what IANA gives out, and the NAT64
 * prefix in front of a public IPv4 address are open, less the special blocks within, so that a form
 * nobody thought of is closed.
 */
final class AddressGuard {
  private static final Map<Network, String> FORBIDDEN =
      table(
          "0.0.0.0/8", "an unspecified address",
          "10.0.0.0/8", "a private address",
          "100.64.0.0/10", "a shared address of carriers",
          "127.0.0.0/8", "a loopback address",
          "169.254.0.0/16", "a link-local address",
          "172.16.0.0/12", "a private address",
          "192.0.0.0/24", "an address of protocol assignments",
          "192.0.2.0/24", "a documentation address",
          "192.88.99.0/24", "an address of the 6to4 relays",
          "192.168.0.0/16", "a private address",
          "198.18.0.0/15", "a benchmarking address",
          "198.51.100.0/24", "a documentation address",
          "203.0.113.0/24", "a documentation address",
          "224.0.0.0/4", "a multicast address",
          "240.0.0.0/4", "a reserved address",
          "::/128", "an unspecified address",
          "::1/128", "a loopback address",
          "::/96", "an IPv4-compatible address",
          "fc00::/7", "a unique-local address",
          "fe80::/10", "a link-local address",
          "fec0::/10", "a site-local address",
          "ff00::/8", "a multicast address",
          "2001::/32", "a Teredo address",
          "2001::/23", "an address of protocol assignments",
          "2001:db8::/32", "a documentation address",
          "2002::/16", "a 6to4 address",
          "3fff::/20", "a documentation address");

  /** Where clouds hand the machine's own credentials to any caller. */
  private static final Map<Network, String> METADATA =
      table(
          "169.254.169.254/32", "a cloud's metadata service",
          "169.254.170.2/32", "a cloud's metadata service",
          "169.254.170.23/32", "a cloud's metadata service",
          "100.100.100.200/32", "a cloud's metadata service",
          "168.63.129.16/32", "a cloud's metadata service",
          "192.0.0.192/32", "a cloud's metadata service",
          "fd00:ec2::254/128", "a cloud's metadata service",
          "fd00:ec2::23/128", "a cloud's metadata service",
          "fd20:ce::254/128", "a cloud's metadata service");

  private static final Network GLOBAL_UNICAST = network("2000::/3");
  private static final Network NAT64 = network("64:ff9b::/96");
  private static final Pattern HOST_RULE =
      Pattern.compile(
          "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*");

  private static final Pattern DIGITS_LAST = Pattern.compile("(^|\\.)[0-9]+$");

  private final AddressRules rules;
  private final List<Network> allowedNetworks = new ArrayList<>();
  private final List<String> allowedHosts = new ArrayList<>();
  private final List<String> onlyHosts;

  AddressGuard(AddressRules rules) {
    this.rules = rules;
    this.onlyHosts = rules.onlyHosts().stream().map(AddressGuard::hostRule).toList();
    sort(rules.allowPrivate(), allowedNetworks, allowedHosts);
  }

  /**
   * Parses the parts of {@link AddressRules}.
   *
   * @throws UserError naming the first that cannot be read
   */
  static void check(List<String> onlyHosts, List<String> allowPrivate, Optional<String> proxy) {
    onlyHosts.forEach(AddressGuard::hostRule);
    sort(allowPrivate, new ArrayList<>(), new ArrayList<>());
    proxy.ifPresent(ProxyAddress::parse);
  }

  /** Refuses a host or port by its name alone, before any lookup. */
  void checkTarget(HttpTarget target) throws FetchFailure {
    String host = target.host();
    int port = target.effectivePort();
    if (rules.ports().stream().noneMatch(range -> range.contains(port))) {
      throw forbidden(host + ": port " + port + " is not among the allowed ports " + rules.ports());
    }
    if (!onlyHosts.isEmpty() && !matches(onlyHosts, host)) {
      throw forbidden(host + " is not among the allowed hosts");
    }
    Optional<InetAddress> literal = Network.address(host);
    if (literal.isPresent()) {
      Optional<String> refusal = refusal(host, literal.get());
      if (refusal.isPresent()) {
        throw forbidden(refusal.get());
      }
    } else if (rules.proxy().isPresent()
        && (host.equals("localhost") || host.endsWith(".localhost"))
        && !matches(allowedHosts, host)) {
      // Without a proxy the lookup tells; with one, the name would mean the proxy's own machine.
      throw forbidden(host + " is a loopback name");
    }
  }

  /**
   * Why this address of this host may not be connected to.
   *
   * @return empty if it may
   */
  Optional<String> refusal(String host, InetAddress address) {
    if (allowedNetworks.stream().anyMatch(n -> n.isSingle() && n.contains(address))) {
      return Optional.empty();
    }
    Optional<String> kind = kind(address);
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    boolean metadata = METADATA.containsValue(kind.get());
    if (!metadata && (inAllowedNetwork(address) || matches(allowedHosts, host))) {
      return Optional.empty();
    }
    String number = address.getHostAddress();
    return Optional.of(
        (host.equals(number) ? host : host + " has the address " + number + ", which")
            + " is "
            + kind.get());
  }

  private boolean inAllowedNetwork(InetAddress address) {
    InetAddress inner = NAT64.contains(address) ? embedded(address, 12) : address;
    return allowedNetworks.stream().anyMatch(n -> n.contains(address) || n.contains(inner));
  }

  /** What kind of address it is if it is not one of the public internet. */
  private static Optional<String> kind(InetAddress address) {
    Optional<String> special = find(METADATA, address).or(() -> find(FORBIDDEN, address));
    if (special.isPresent() || !(address instanceof Inet6Address)) {
      // Java turns ::ffff:a.b.c.d into an Inet4Address by itself.
      return special;
    }
    if (NAT64.contains(address)) {
      return kind(embedded(address, 12));
    }
    if (!GLOBAL_UNICAST.contains(address)) {
      return Optional.of("not an address of the public internet");
    }
    byte[] bytes = address.getAddress();
    boolean isatap =
        (bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && (bytes[11] & 0xff) == 0xfe;
    return isatap ? Optional.of("an ISATAP address") : Optional.empty();
  }

  private static InetAddress embedded(InetAddress address, int offset) {
    return Network.of(Arrays.copyOfRange(address.getAddress(), offset, offset + 4));
  }

  private static Optional<String> find(Map<Network, String> table, InetAddress address) {
    return table.entrySet().stream()
        .filter(entry -> entry.getKey().contains(address))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private static boolean matches(List<String> rules, String host) {
    return rules.stream()
        .anyMatch(
            rule -> rule.startsWith("*.") ? host.endsWith(rule.substring(1)) : rule.equals(host));
  }

  private static void sort(List<String> entries, List<Network> networks, List<String> hosts) {
    for (String entry : entries) {
      Optional<Network> network = Network.parse(entry);
      network.ifPresent(networks::add);
      if (network.isEmpty()) {
        hosts.add(
            readHost(entry)
                .orElseThrow(
                    () ->
                        new UserError(
                            "'"
                                + entry
                                + "' is neither a host such as minio.example.com nor a network"
                                + " such as 10.0.0.0/8")));
      }
    }
  }

  private static String hostRule(String text) {
    return readHost(text)
        .orElseThrow(
            () ->
                new UserError(
                    "'" + text + "' is not a host such as media.example.com or *.example.com"));
  }

  private static Optional<String> readHost(String text) {
    String rule = text.toLowerCase(Locale.ROOT);
    boolean isHost = HOST_RULE.matcher(rule).matches() && !DIGITS_LAST.matcher(rule).find();
    return isHost || Network.address(rule).isPresent() ? Optional.of(rule) : Optional.empty();
  }

  private static FetchFailure forbidden(String detail) {
    return FetchFailure.lasting(FetchReason.FORBIDDEN_ADDRESS, detail);
  }

  private static Network network(String text) {
    return Network.parse(text).orElseThrow();
  }

  private static Map<Network, String> table(String... networksAndKinds) {
    Map<Network, String> table = new LinkedHashMap<>();
    for (int i = 0; i < networksAndKinds.length; i += 2) {
      table.put(network(networksAndKinds[i]), networksAndKinds[i + 1]);
    }
    return table;
  }
}
