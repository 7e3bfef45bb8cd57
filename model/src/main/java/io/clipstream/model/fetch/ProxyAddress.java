package io.clipstream.model.fetch;

import io.clipstream.model.UserError;

/** Host and port of an HTTP proxy. */
record ProxyAddress(String host, int port) {
  static ProxyAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, Math.max(colon, 0));
      int port = Integer.parseInt(text.substring(colon + 1));
      if (host.matches("[A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+]") && port >= 1 && port <= 65_535) {
        return new ProxyAddress(host, port);
      }
    } catch (NumberFormatException noPort) {
      // Falls through to the message below.
    }
    throw new UserError("proxy '" + text + "' is not host:port");
  }
}
