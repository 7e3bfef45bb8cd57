package io.clipstream.streams.cli;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;

/**
 * What a demo listens on.
 *
 * @param console as {@code console.port} has it
 */
record DemoPorts(int kafka, int registry, String console) {
  /** Where {@code submit} and {@code watch} look for a demo. */
  static final int KAFKA = 19092;

  static final int REGISTRY = 18081;
  private static final int CONSOLE = 18080;

  /**
   * The usual ports where they are free.
   *
   * @param any never the usual ones
   * @param withConsole whether there is a console
   */
  static DemoPorts choose(boolean any, boolean withConsole) throws IOException {
    return new DemoPorts(
        free(any ? 0 : KAFKA),
        free(any ? 0 : REGISTRY),
        withConsole ? Integer.toString(free(any ? 0 : CONSOLE)) : "off");
  }

  /** The port if nobody listens there, else any that is free. */
  private static int free(int wanted) throws IOException {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (BindException taken) {
      return free(0);
    }
  }
}
