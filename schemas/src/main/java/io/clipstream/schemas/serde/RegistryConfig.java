package io.clipstream.schemas.serde;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/**
 * How to reach the schema registry, from Confluent's configuration keys. Each key may also carry
 * Confluent's prefix {@code schema.registry.}, and the prefixed one wins. Equal configurations
 * share one client.
 *
 * @param endpoints the registry's URLs in the order they are tried, each with its credentials;
 *     {@code schema.registry.url}
 * @param connectTimeout {@code http.connect.timeout.ms}, 60 s by default
 * @param readTimeout longest wait for one whole answer; {@code http.read.timeout.ms}, 60 s by
 *     default
 * @param maxRetries rounds over the URLs after the first; {@code max.retries}, 3 by default
 * @param retryWait wait before the first retry, doubled for each further one; {@code
 *     retries.wait.ms}, 1 s by default
 * @param maxRetryWait longest such wait; {@code retries.max.wait.ms}, 20 s by default
 * @param cacheSize entries of each cache; {@code max.schemas.per.subject}, 1000 by default
 * @param missingIdTtl how long an id that the registry did not know is not asked for again; {@code
 *     missing.id.cache.ttl.sec}, 0 by default
 * @param missingIdPatience for how long after a registry began to answer, at the start of this
 *     process or after it was away, an id that it does not know is not taken for wrong, nor a
 *     schema for not registered: it may not have read yet what it knows; {@code
 *     missing.id.patience.sec}, 30 by default, and a key that Confluent's serdes do not have
 * @param headers sent with every request; {@code request.header.NAME}
 * @param proxy host and port of an HTTP proxy; {@code proxy.host}, {@code proxy.port}
 * @param ssl Kafka's {@code ssl.*} keys, from {@code schema.registry.ssl.*}
 */
public record RegistryConfig(
    List<Endpoint> endpoints,
    Duration connectTimeout,
    Duration readTimeout,
    int maxRetries,
    Duration retryWait,
    Duration maxRetryWait,
    int cacheSize,
    Duration missingIdTtl,
    Duration missingIdPatience,
    Map<String, String> headers,
    Optional<HostAndPort> proxy,
    Map<String, Object> ssl) {

  /** {@code schema.registry.url}. */
  public static final String URL = "schema.registry.url";

  static final String PREFIX = "schema.registry.";
  private static final String SSL_PREFIX = "schema.registry.ssl.";
  private static final String HEADER_PREFIX = "request.header.";

  /**
   * One URL of the registry.
   *
   * @param base without user info, query or trailing slash
   * @param authorization value of the Authorization header, or empty
   */
  record Endpoint(URI base, String authorization) {
    @Override
    public String toString() {
      return base + (authorization.isEmpty() ? "" : " (with credentials)");
    }
  }

  record HostAndPort(String host, int port) {}

  public RegistryConfig {
    endpoints = List.copyOf(endpoints);
    headers = Map.copyOf(headers);
    ssl = Map.copyOf(ssl);
  }

  /**
   * Reads the configuration of a serde; other keys are left alone.
   *
   * @throws ConfigException naming the key, its value and what was expected
   */
  public static RegistryConfig from(Map<String, ?> configs) {
    Keys keys = new Keys(configs);
    String bearer = bearerAuthorization(keys);
    String basic = basicAuthorization(keys);
    if (!bearer.isEmpty() && !basic.isEmpty()) {
      throw new ConfigException(
          "basic.auth.user.info and bearer.auth.token are both set, expected one of them");
    }
    String proxyHost = keys.text("proxy.host", "");
    return new RegistryConfig(
        endpoints(keys.list(URL), bearer.isEmpty() ? basic : bearer),
        keys.millis("http.connect.timeout.ms", 60_000, 1),
        keys.millis("http.read.timeout.ms", 60_000, 1),
        keys.integer("max.retries", 3, 0),
        keys.millis("retries.wait.ms", 1_000, 0),
        keys.millis("retries.max.wait.ms", 20_000, 0),
        keys.integer("max.schemas.per.subject", 1_000, 1),
        Duration.ofSeconds(keys.integer("missing.id.cache.ttl.sec", 0, 0)),
        missingIdPatience(keys),
        headers(configs),
        proxyHost.isEmpty()
            ? Optional.empty()
            : Optional.of(new HostAndPort(proxyHost, keys.integer("proxy.port", -1, 1))),
        ssl(configs));
  }

  static Duration missingIdPatience(Keys keys) {
    return Duration.ofSeconds(keys.integer("missing.id.patience.sec", 30, 0));
  }

  private static List<Endpoint> endpoints(List<String> urls, String authorization) {
    if (urls.isEmpty()) {
      throw new ConfigException(
          URL + " is not set, expected a comma-separated list such as http://localhost:8081");
    }
    List<Endpoint> endpoints = new ArrayList<>();
    for (String url : urls) {
      URI uri;
      try {
        uri = URI.create(url);
      } catch (IllegalArgumentException e) {
        throw new ConfigException(URL, withoutUserInfo(url), "expected http://HOST:PORT");
      }
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
        throw new ConfigException(
            URL, withoutUserInfo(url), "expected http://HOST:PORT or https://HOST:PORT");
      }
      String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
      String host = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
      String userInfo = uri.getRawUserInfo();
      endpoints.add(
          new Endpoint(
              URI.create(scheme + "://" + host + path),
              authorization.isEmpty() && userInfo != null
                  ? basic(URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8))
                  : authorization));
    }
    return endpoints;
  }

  private static String withoutUserInfo(String url) {
    return url.replaceFirst("//[^/]*@", "//***@");
  }

  private static String basicAuthorization(Keys keys) {
    String userInfo = keys.text("basic.auth.user.info", "");
    String source =
        keys.text("basic.auth.credentials.source", userInfo.isEmpty() ? "URL" : "USER_INFO");
    return switch (source) {
      case "URL" -> "";
      case "USER_INFO" -> {
        if (!userInfo.contains(":")) {
          throw new ConfigException(
              "basic.auth.user.info is not USER:PASSWORD, as basic.auth.credentials.source=USER_INFO"
                  + " needs it");
        }
        yield basic(userInfo);
      }
      default ->
          throw new ConfigException(
              "basic.auth.credentials.source", source, "expected USER_INFO or URL");
    };
  }

  private static String bearerAuthorization(Keys keys) {
    String token = keys.text("bearer.auth.token", "");
    String source =
        keys.text("bearer.auth.credentials.source", token.isEmpty() ? "" : "STATIC_TOKEN");
    if (source.isEmpty()) {
      return "";
    }
    if (!source.equals("STATIC_TOKEN")) {
      throw new ConfigException(
          "bearer.auth.credentials.source",
          source,
          "expected STATIC_TOKEN (Confluent's own serdes know more kinds)");
    }
    if (token.isEmpty()) {
      throw new ConfigException(
          "bearer.auth.token is not set, as bearer.auth.credentials.source=STATIC_TOKEN needs it");
    }
    return "Bearer " + token;
  }

  private static String basic(String userInfo) {
    return "Basic " + Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, String> headers(Map<String, ?> configs) {
    Map<String, String> headers = new TreeMap<>();
    configs.forEach(
        (key, value) -> {
          if (value != null) {
            headerName(key).ifPresent(name -> headers.put(name, value.toString()));
          }
        });
    return headers;
  }

  /** The header that a key sets, if it is {@code request.header.NAME}. */
  static Optional<String> headerName(String key) {
    String name = key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key;
    return name.startsWith(HEADER_PREFIX)
        ? Optional.of(name.substring(HEADER_PREFIX.length()))
        : Optional.empty();
  }

  /** The {@code ssl.*} keys with their types as Kafka's own SSL code wants them. */
  private static Map<String, Object> ssl(Map<String, ?> configs) {
    Map<String, Object> given = new HashMap<>();
    configs.forEach(
        (key, value) -> {
          if (key.startsWith(SSL_PREFIX) && value != null) {
            given.put(key.substring(PREFIX.length()), value);
          }
        });
    if (given.isEmpty()) {
      return Map.of();
    }
    Object identification = given.get("ssl.endpoint.identification.algorithm");
    if (identification != null && !identification.toString().equalsIgnoreCase("https")) {
      throw new ConfigException(
          SSL_PREFIX + "endpoint.identification.algorithm",
          identification,
          "expected https: the registry's certificate must carry its host name");
    }
    ConfigDef known = new ConfigDef().withClientSslSupport();
    for (String key : given.keySet()) {
      if (!known.names().contains(key)) {
        throw new ConfigException(PREFIX + key + " is not a key of Kafka's SSL configuration");
      }
    }
    for (String key : List.of("ssl.truststore.location", "ssl.keystore.location")) {
      Object file = given.get(key);
      if (file != null && !Files.isReadable(Path.of(file.toString()))) {
        throw new ConfigException(PREFIX + key, file, "expected a file that can be read");
      }
    }
    Map<String, Object> parsed = known.parse(given);
    parsed.values().removeIf(value -> value == null);
    return parsed;
  }

  /** Never shows a secret. */
  @Override
  public String toString() {
    return "registry at " + endpoints;
  }

  /** Typed access to the configuration with Confluent's prefix rule. */
  record Keys(Map<String, ?> configs) {
    Object get(String key) {
      Object prefixed = key.startsWith(PREFIX) ? null : configs.get(PREFIX + key);
      return prefixed != null ? prefixed : configs.get(key);
    }

    String text(String key, String otherwise) {
      Object value = get(key);
      if (value == null) {
        return otherwise;
      }
      return value instanceof Password password ? password.value() : value.toString().trim();
    }

    List<String> list(String key) {
      Object value = get(key);
      List<String> items = new ArrayList<>();
      if (value instanceof Collection<?> collection) {
        collection.forEach(item -> items.add(item.toString().trim()));
      } else if (value != null) {
        for (String item : value.toString().split(",", -1)) {
          items.add(item.trim());
        }
      }
      items.removeIf(String::isEmpty);
      return items;
    }

    boolean flag(String key, boolean otherwise) {
      String value = text(key, Boolean.toString(otherwise)).toLowerCase(Locale.ROOT);
      if (!value.equals("true") && !value.equals("false")) {
        throw new ConfigException(key, value, "expected true or false");
      }
      return value.equals("true");
    }

    int integer(String key, int otherwise, int least) {
      String text = text(key, Integer.toString(otherwise));
      int value;
      try {
        value = Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw new ConfigException(key, text, "expected a whole number");
      }
      if (value < least) {
        throw new ConfigException(key, text, "expected at least " + least);
      }
      return value;
    }

    Duration millis(String key, int otherwise, int least) {
      return Duration.ofMillis(integer(key, otherwise, least));
    }
  }
}
