package io.clipstream.streams.live;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.HexFormat;

/** What instances are called in the log. */
public final class InstanceId {
  private static final int RANDOM_BYTES = 4;
  private static final int MOST_OF_HOST = 100;

  private InstanceId() {}

  /** A new id for this process: its host and a random part, since none may ever have it again. */
  public static String create() {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return host() + "-" + HexFormat.of().formatHex(random);
  }

  /** Name of this host without what a key may not have. */
  public static String host() {
    String name;
    try {
      name = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      name = "host";
    }
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "-");
    return plain.substring(0, Math.min(plain.length(), MOST_OF_HOST));
  }
}
