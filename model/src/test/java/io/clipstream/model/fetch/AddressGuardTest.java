package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
  private static final AddressGuard STRICT = new AddressGuard(AddressRules.defaults());

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, an unspecified address",
    "0.255.255.255, an unspecified address",
    "10.0.0.0, a private address",
    "10.255.255.255, a private address",
    "100.64.0.0, a shared address of carriers",
    "100.127.255.255, a shared address of carriers",
    "100.100.100.200, a cloud's metadata service",
    "127.0.0.1, a loopback address",
    "127.255.255.254, a loopback address",
    "168.63.129.16, a cloud's metadata service",
    "169.254.0.1, a link-local address",
    "169.254.169.254, a cloud's metadata service",
    "169.254.170.2, a cloud's metadata service",
    "172.16.0.0, a private address",
    "172.31.255.255, a private address",
    "192.0.0.1, an address of protocol assignments",
    "192.0.0.192, a cloud's metadata service",
    "192.0.2.7, a documentation address",
    "192.88.99.1, an address of the 6to4 relays",
    "192.168.0.0, a private address",
    "192.168.255.255, a private address",
    "198.18.0.0, a benchmarking address",
    "198.19.255.255, a benchmarking address",
    "198.51.100.255, a documentation address",
    "203.0.113.9, a documentation address",
    "224.0.0.1, a multicast address",
    "239.255.255.255, a multicast address",
    "240.0.0.1, a reserved address",
    "255.255.255.255, a reserved address",
    "::, an unspecified address",
    "::1, a loopback address",
    "::2, an IPv4-compatible address",
    "::127.0.0.1, an IPv4-compatible address",
    "::8.8.8.8, an IPv4-compatible address",
    "::ffff:127.0.0.1, a loopback address",
    "::ffff:10.1.2.3, a private address",
    "::ffff:a9fe:a9fe, a cloud's metadata service",
    "::ffff:0:127.0.0.1, not an address of the public internet",
    "64:ff9b::127.0.0.1, a loopback address",
    "64:ff9b::10.0.0.1, a private address",
    "64:ff9b::a9fe:a9fe, a cloud's metadata service",
    "64:ff9b:1::8.8.8.8, not an address of the public internet",
    "100::1, not an address of the public internet",
    "2001::7f00:1, a Teredo address",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2, a Teredo address",
    "2001:2::1, an address of protocol assignments",
    "2001:10::1, an address of protocol assignments",
    "2001:20::1, an address of protocol assignments",
    "2001:db8::1, a documentation address",
    "2002:7f00:1::1, a 6to4 address",
    "2002:a00:1::1, a 6to4 address",
    "2002:808:808::1, a 6to4 address",
    "3fff:fff::1, a documentation address",
    "2a00:1450::200:5efe:10.0.0.1, an ISATAP address",
    "2a00:1450::5efe:10.0.0.1, an ISATAP address",
    "4000::1, not an address of the public internet",
    "5f00::1, not an address of the public internet",
    "fc00::1, a unique-local address",
    "fd12:3456:789a::1, a unique-local address",
    "fd00:ec2::254, a cloud's metadata service",
    "fe80::1, a link-local address",
    "febf::1, a link-local address",
    "fec0::1, a site-local address",
    "ff02::1, a multicast address",
  })
  void shouldRefuseWhatIsNotAPublicAddress(String address, String kind) {
    assertThat(STRICT.refusal("videos.example", literal(address)))
        .hasValueSatisfying(
            refusal -> assertThat(refusal).startsWith("videos.example has").endsWith(kind));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.0.0.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
      })
  void shouldAcceptPublicAddresses(String address) {
    assertThat(STRICT.refusal("videos.example", literal(address))).isEmpty();
  }

  @Test
  void shouldAcceptPrivateAddressesOfAllowedNetworksAlone() {
    AddressGuard guard = allowing("10.1.0.0/16", "fd12::/32", "127.0.0.1");

    assertThat(guard.refusal("h", literal("10.1.255.1"))).isEmpty();
    assertThat(guard.refusal("h", literal("::ffff:10.1.0.1"))).isEmpty();
    assertThat(guard.refusal("h", literal("64:ff9b::10.1.0.1"))).isEmpty();
    assertThat(guard.refusal("h", literal("fd12::9"))).isEmpty();
    assertThat(guard.refusal("h", literal("127.0.0.1"))).isEmpty();
    assertThat(guard.refusal("h", literal("10.2.0.1"))).isPresent();
    assertThat(guard.refusal("h", literal("fd13::9"))).isPresent();
    assertThat(guard.refusal("h", literal("127.0.0.2"))).isPresent();
  }

  @Test
  void shouldAcceptPrivateAddressesOfAllowedHostsAlone() {
    AddressGuard guard = allowing("minio.internal", "*.lab.example");

    assertThat(guard.refusal("minio.internal", literal("10.0.0.9"))).isEmpty();
    assertThat(guard.refusal("a.b.lab.example", literal("192.168.1.9"))).isEmpty();
    assertThat(guard.refusal("lab.example", literal("10.0.0.9"))).isPresent();
    assertThat(guard.refusal("evillab.example", literal("10.0.0.9"))).isPresent();
    assertThat(guard.refusal("minio.internal.evil.example", literal("10.0.0.9"))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"169.254.169.254", "100.100.100.200", "fd00:ec2::254"})
  void shouldKeepMetadataServicesClosedUnlessTheirVeryAddressIsAllowed(String address) {
    AddressGuard wide = allowing("0.0.0.0/0", "::/0", "videos.example");
    AddressGuard exact = allowing(address);

    assertThat(wide.refusal("videos.example", literal(address)))
        .hasValueSatisfying(refusal -> assertThat(refusal).contains("metadata"));
    assertThat(exact.refusal("videos.example", literal(address))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/33, needs a prefix length of 0 to 32",
    "10.0.0.0/, needs a prefix length",
    "10.0.0.0/-1, needs a prefix length",
    "10.0.0.5/8, the network is 10.0.0.0/8",
    "fd00::1/8, the network is fd00:0:0:0:0:0:0:0/8",
    "::ffff:10.0.0.0/104, needs a prefix length of 0 to 32",
    "10.0.0/8, is neither a host such as",
    "010.0.0.1, is neither a host such as",
    "https://minio, is neither a host such as",
    "'', is neither a host such as",
    "*, is neither a host such as",
    "a..b, is neither a host such as",
  })
  void shouldSayWhatIsWrongWithAnException(String entry, String message) {
    assertThatThrownBy(() -> allowing(entry))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("'" + entry + "'")
        .hasMessageContaining(message);
  }

  @Test
  void shouldSayWhatIsWrongWithAProxy() {
    assertThatThrownBy(
            () ->
                new AddressRules(
                    List.of(),
                    List.of(),
                    PortRange.parse("80"),
                    false,
                    Optional.of("http://proxy:3128")))
        .hasMessage("proxy 'http://proxy:3128' is not host:port");
  }

  private static AddressGuard allowing(String... entries) {
    return new AddressGuard(AddressRules.defaults().withAllowPrivate(List.of(entries)));
  }

  private static InetAddress literal(String address) {
    return Network.address(address).orElseThrow();
  }
}
