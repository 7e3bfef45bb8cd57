package io.clipstream.model.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** The name service. All threads; may block. */
interface HostLookup {
  HostLookup SYSTEM = host -> List.of(InetAddress.getAllByName(host));

  /**
   * Asks for a host's addresses.
   *
   * @return at least one address
   * @throws UnknownHostException if there is none, or the name service did not answer
   */
  List<InetAddress> lookup(String host) throws UnknownHostException;
}
