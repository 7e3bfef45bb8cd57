package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A range of addresses: those that share the first {@code prefix} bits with {@code base}.
 *
 * @param base 4 bytes (IPv4) or 16 (IPv6), zero after the prefix
 */
record Network(InetAddress base, int prefix) {
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,3}");
  private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  // Only what Java reads as a number too: anything else it would ask the name service for.
  private static final Pattern IPV4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

  /**
   * An address or a network in its usual spelling.
   *
   * @return empty if the text does not begin with an address but, say, is a host name
   * @throws UserError if what follows the address is faulty
   */
  static Optional<Network> parse(String text) {
    int slash = text.indexOf('/');
    String literal = slash < 0 ? text : text.substring(0, slash);
    Optional<InetAddress> base = address(literal);
    if (base.isEmpty()) {
      return Optional.empty();
    }
    byte[] bytes = base.get().getAddress();
    int bits = bytes.length * 8;
    int prefix = bits;
    if (slash >= 0) {
      String length = text.substring(slash + 1);
      if (!DIGITS.matcher(length).matches() || Integer.parseInt(length) > bits) {
        throw new UserError(
            "'" + text + "' needs a prefix length of 0 to " + bits + " after the slash");
      }
      prefix = Integer.parseInt(length);
    }
    byte[] masked = mask(bytes, prefix);
    if (!Arrays.equals(bytes, masked)) {
      throw new UserError(
          "'"
              + text
              + "' has bits after its prefix; the network is "
              + of(masked).getHostAddress()
              + "/"
              + prefix);
    }
    return Optional.of(new Network(base.get(), prefix));
  }

  /**
   * Reads an address written as a number, without any name lookup: four decimal parts without
   * leading zeros, or IPv6 without brackets and zone.
   *
   * @return empty if it is not one
   */
  static Optional<InetAddress> address(String literal) {
    if (!IPV4.matcher(literal).matches() && !IPV6.matcher(literal).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(literal));
    } catch (UnknownHostException notANumber) {
      return Optional.empty();
    }
  }

  static InetAddress of(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException wrongLength) {
      throw new IllegalArgumentException(wrongLength);
    }
  }

  boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == base.getAddress().length
        && Arrays.equals(mask(bytes, prefix), base.getAddress());
  }

  /** Whether the network is this one address. */
  boolean isSingle() {
    return prefix == base.getAddress().length * 8;
  }

  private static byte[] mask(byte[] address, int prefix) {
    byte[] masked = address.clone();
    for (int i = 0; i < masked.length; i++) {
      int kept = Math.min(8, Math.max(0, prefix - i * 8));
      masked[i] &= (byte) (0xff << (8 - kept));
    }
    return masked;
  }

  @Override
  public String toString() {
    return base.getHostAddress() + "/" + prefix;
  }
}
