package io.clipstream.streams.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A page in Chromium, which runs without a screen and is driven over its DevTools protocol. There
 * may be further pages, each in a window of its own; what is called is for the one that was turned
 * to last. One thread.
 */
public final class Chromium implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  private final Process process;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> requested = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> sessions = new ArrayList<>();
  private String session;
  private int id;

  /** Where it is installed, if it is. */
  public static Optional<Path> find() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * @param profile an empty folder
   */
  public Chromium(Path binary, Path profile) throws Exception {
    process =
        new ProcessBuilder(
                binary.toString(),
                "--headless=new",
                // Its sandbox needs rights that a container does not give; it sees our page alone.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("log").toFile())
            .start();
    Path portFile = profile.resolve("DevToolsActivePort");
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!Files.exists(portFile) || Files.readAllLines(portFile).size() < 2) {
      if (System.nanoTime() > end || !process.isAlive()) {
        throw new IllegalStateException(
            "Chromium did not start: " + Files.readString(profile.resolve("log")));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    List<String> lines = Files.readAllLines(portFile);
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)), new Listener())
            .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    addPage();
  }

  /** Opens one more, and turns to it. */
  public void addPage() {
    String target =
        call(null, "Target.createTarget", Map.of("url", "about:blank", "newWindow", true))
            .get("targetId")
            .asText();
    session =
        call(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .asText();
    sessions.add(session);
    send("Page.enable", Map.of());
    send("Network.enable", Map.of());
    send("Runtime.enable", Map.of());
    send("Log.enable", Map.of());
  }

  /**
   * Turns to another page.
   *
   * @param number from 0, in the order in which they were opened
   */
  public void turnTo(int number) {
    session = sessions.get(number);
  }

  /** Closes all but the first, and turns to that. */
  public void closeOthers() {
    while (sessions.size() > 1) {
      session = sessions.remove(sessions.size() - 1);
      send("Page.close", Map.of());
    }
    turnTo(0);
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        try {
          heard(JSON.readTree(message.toString()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        message.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private void heard(JsonNode message) {
    JsonNode params = message.path("params");
    if (message.has("id")) {
      answers.remove(message.get("id").asInt()).complete(message);
    } else if (message.path("method").asText().equals("Network.requestWillBeSent")) {
      requested.add(params.at("/request/url").asText());
    } else if (message.path("method").asText().equals("Runtime.exceptionThrown")) {
      complaints.add(params.at("/exceptionDetails").toString());
    } else if (message.path("method").asText().equals("Log.entryAdded")
        && params.at("/entry/source").asText().equals("security")) {
      complaints.add(params.at("/entry/text").asText());
    }
  }

  /** Calls a method of the DevTools protocol on the page. */
  public JsonNode send(String method, Map<String, ?> params) {
    return call(session, method, params);
  }

  private JsonNode call(String on, String method, Map<String, ?> params) {
    ObjectNode message = JSON.createObjectNode();
    message.put("id", ++id);
    message.put("method", method);
    message.set("params", JSON.valueToTree(params));
    if (on != null) {
      message.put("sessionId", on);
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    socket.sendText(message.toString(), true).join();
    try {
      JsonNode answered = answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (answered.has("error")) {
        throw new AssertionError(method + ": " + answered.get("error"));
      }
      return answered.get("result");
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(method + " has no answer", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  public void open(String address) {
    send("Page.navigate", Map.of("url", address));
  }

  /** What an expression gives, once it is settled if it is a promise. */
  public JsonNode evaluate(String expression) {
    JsonNode result =
        send(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    return result.at("/result/value");
  }

  /** Waits until an expression is true, and can be evaluated at all. */
  public void await(String expression) {
    long end = System.nanoTime() + LIMIT.toNanos();
    String tried = "(() => { try { return !!(" + expression + "); } catch { return false; } })()";
    while (!evaluate(tried).asBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            expression + " is not so on the page: " + evaluate("document.body.innerText"));
      }
      try {
        TimeUnit.MILLISECONDS.sleep(50);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** As somebody who sees the button: it must be there, and usable. */
  public void click(String selector) {
    String found = "document.querySelector(" + JSON.valueToTree(selector) + ")";
    await(found + "?.offsetParent !== null && !" + found + "?.disabled && " + found);
    evaluate(found + ".click()");
  }

  /** Chooses an entry of a list, once it is in there. */
  public void select(String selector, String value) {
    String list = "document.querySelector(" + JSON.valueToTree(selector) + ")";
    String wanted = String.valueOf(JSON.<JsonNode>valueToTree(value));
    await("[..." + list + "?.options ?? []].some(entry => entry.value === " + wanted + ")");
    evaluate(list + ".value = " + wanted);
    evaluate(list + ".dispatchEvent(new Event('change'))");
  }

  public void type(String selector, String text) {
    await("document.querySelector(" + JSON.valueToTree(selector) + ")");
    evaluate("document.querySelector(" + JSON.valueToTree(selector) + ").focus()");
    evaluate("document.activeElement.select?.()");
    send("Input.insertText", Map.of("text", text));
  }

  public void press(String key, int code) {
    press(key, code, false);
  }

  public void press(String key, int code, boolean shift) {
    for (String kind : List.of("keyDown", "keyUp")) {
      Map<String, Object> event = new HashMap<>();
      event.put("type", kind);
      event.put("key", key);
      event.put("code", key);
      event.put("windowsVirtualKeyCode", code);
      event.put("modifiers", shift ? 8 : 0);
      if (key.equals("Enter") && kind.equals("keyDown")) {
        event.put("text", "\r"); // without it nothing is activated
      }
      send("Input.dispatchKeyEvent", event);
    }
  }

  /** Gives a field of the page a file, as its chooser does. */
  public void choose(String selector, Path file) {
    int page = send("DOM.getDocument", Map.of()).get("root").get("nodeId").asInt();
    JsonNode node = send("DOM.querySelector", Map.of("nodeId", page, "selector", selector));
    send(
        "DOM.setFileInputFiles",
        Map.of("nodeId", node.get("nodeId").asInt(), "files", List.of(file.toString())));
  }

  /**
   * What the page is seen in.
   *
   * @param width in CSS pixels
   */
  public void window(int width, int height, boolean dark) {
    send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
    send(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  /** A PNG of what is seen. */
  public byte[] picture() {
    return Base64.getDecoder()
        .decode(send("Page.captureScreenshot", Map.of("format", "png")).get("data").asText());
  }

  /** Addresses of everything that was asked for. */
  public List<String> requested() {
    return new ArrayList<>(requested);
  }

  /** Exceptions of scripts, and what the security policy forbade. */
  public List<String> complaints() {
    return new ArrayList<>(complaints);
  }

  @Override
  public void close() {
    try {
      call(null, "Browser.close", Map.of());
    } catch (AssertionError alreadyGone) {
      process.destroy();
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
