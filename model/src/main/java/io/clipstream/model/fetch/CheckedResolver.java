package io.clipstream.model.fetch;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.DnsResolver;

/**
 * The only way from a name to an address for the HTTP client. It connects to the addresses that
 * come out of here and asks nobody else, so a name that means another address a moment later gains
 * nothing. All threads.
 */
final class CheckedResolver implements DnsResolver {
  private final HostLookup lookup;
  private final AddressGuard guard;
  private final boolean forProxy;
  private final Duration patience;
  private final ExecutorService threads;
  private final LookupHealth health;

  /**
   * @param forProxy the only names asked for are the configured proxy's: not checked
   * @param patience longest time for one lookup
   * @param threads where lookups run, since the system's cannot be interrupted
   * @param probe a name that always has an address
   */
  CheckedResolver(
      HostLookup lookup,
      AddressGuard guard,
      boolean forProxy,
      Duration patience,
      ExecutorService threads,
      Optional<String> probe) {
    this.lookup = lookup;
    this.guard = guard;
    this.forProxy = forProxy;
    this.patience = patience;
    this.threads = threads;
    this.health = new LookupHealth(probe, name -> lookUp(lookup, name));
  }

  @Override
  public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
    return addresses(host).stream().map(address -> new InetSocketAddress(address, port)).toList();
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    return addresses(host).toArray(new InetAddress[0]);
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }

  private List<InetAddress> addresses(String host) throws UnknownHostException {
    Optional<InetAddress> literal = Network.address(host);
    List<InetAddress> found = literal.isPresent() ? List.of(literal.get()) : known(host);
    if (!forProxy) {
      // One forbidden address among good ones is refused too: which is used must not be luck.
      for (InetAddress address : found) {
        Optional<String> refusal = guard.refusal(host, address);
        if (refusal.isPresent()) {
          throw new ForbiddenAddressException(refusal.get());
        }
      }
    }
    return found;
  }

  private List<InetAddress> known(String host) throws UnknownHostException {
    try {
      List<InetAddress> found = lookUp(lookup, host);
      if (found.isEmpty()) {
        throw new UnknownHostException(host);
      }
      health.found(host);
      return found;
    } catch (LookupDownException down) {
      throw down;
    } catch (UnknownHostException unknown) {
      throw health.isDown(host, unknown) ? new LookupDownException(unknown.getMessage()) : unknown;
    }
  }

  private List<InetAddress> lookUp(HostLookup lookup, String host) throws UnknownHostException {
    Future<List<InetAddress>> answer = threads.submit(() -> lookup.lookup(host));
    try {
      return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException late) {
      answer.cancel(true);
      throw new LookupDownException(host);
    } catch (InterruptedException interrupted) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new UnknownHostException(host);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof UnknownHostException unknown) {
        throw unknown;
      }
      throw new IllegalStateException("name lookup of " + host, failed.getCause());
    }
  }

  /** The name service, not the name, is to blame. */
  static final class LookupDownException extends UnknownHostException {
    private static final long serialVersionUID = 1L;

    LookupDownException(String message) {
      super(message);
    }
  }

  /** A name service answered with an address that the rules refuse. */
  static final class ForbiddenAddressException extends UnknownHostException {
    private static final long serialVersionUID = 1L;

    ForbiddenAddressException(String refusal) {
      super(refusal);
    }
  }
}
