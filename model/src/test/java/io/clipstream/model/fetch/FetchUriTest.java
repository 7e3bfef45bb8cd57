package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FetchUriTest {
  @ParameterizedTest
  @CsvSource({
    "http://h, http, h, -1, /",
    "HTTP://H.Example./a, http, h.example, -1, /a",
    "https://h:443/a, https, h, -1, /a",
    "http://h:443/a, http, h, 443, /a",
    "http://h:/a, http, h, -1, /a",
    "https://my_bucket.s3.example:9000/a%2Fb?x=%2b+, https, my_bucket.s3.example, 9000, /a%2Fb?x=%2b+",
    "https://b\u00fccher.example/a, https, xn--bcher-kva.example, -1, /a",
    "https://xn--bcher-kva.example/a, https, xn--bcher-kva.example, -1, /a",
    "http://[2001:DB8::1]:8080/?, http, 2001:db8::1, 8080, /?",
    "http://1.2.3.4.example/, http, 1.2.3.4.example, -1, /",
    "http://h/../../a#frag, http, h, -1, /../../a",
    "http://h/caf\u00e9?\u65e5=\ud83d\ude00%e9, http, h, -1, /caf%C3%A9?%E6%97%A5=%F0%9F%98%80%e9",
    "http://h/\u010d\u010aHost:x, http, h, -1, /%C4%8D%C4%8AHost:x",
  })
  void shouldReadAddresses(String uri, String scheme, String host, int port, String path)
      throws Exception {
    HttpTarget target = ((FetchUri.OfHttp) FetchUri.parse(uri)).target();

    assertThat(target.scheme()).isEqualTo(scheme);
    assertThat(target.host()).isEqualTo(host);
    assertThat(target.port()).isEqualTo(port);
    assertThat(target.pathAndQuery()).isEqualTo(path);
  }

  @ParameterizedTest
  @CsvSource({
    "'', the address is empty",
    "'  ', the address is empty",
    "s3://bucket/key, use a presigned https address",
    "gs://bucket/key, use a presigned https address",
    "ftp://h/v, scheme ftp: is not one of file, http, https",
    "javascript:alert(1), scheme javascript: is not one of",
    "http:/v, has no host; it should read http://host/path",
    "http:v, has no host",
    "http:///v, has no host",
    "http://./v, has no host",
    "http://a..b/v, has a host name that",
    "http://a b/v, cannot be read: illegal character in authority",
    "http://h/a b, cannot be read: illegal character in path at position 11; characters such as spaces",
    "http://h/%zz, cannot be read",
    "http://h:0/, has a port that is not 1 to 65535",
    "http://h:65536/, has a port that is not 1 to 65535",
    "http://h:99999999999/, has a port that is not",
    "http://h:-1/, has a port that is not",
    "http://h:80:80/, has a port that is not",
    "http://h%2e/, has a host name that",
    "http://u:p@h/, holds a user name or password",
    "http://@h/, holds a user name or password",
  })
  void shouldSayWhatIsWrongWithAnAddress(String uri, String message) {
    assertThatThrownBy(() -> FetchUri.parse(uri))
        .isInstanceOfSatisfying(
            FetchFailure.class,
            failure -> assertThat(failure.reason()).isEqualTo(FetchReason.UNSUPPORTED_URI))
        .hasMessageContaining(message)
        .hasMessageNotContaining("u:p");
  }

  @Test
  void shouldRefuseEndlessAddresses() {
    assertThatThrownBy(() -> FetchUri.parse("http://h/" + "a".repeat(20_000)))
        .hasMessageEndingWith("has 20009 characters; at most 16384");
  }
}
