package io.clipstream.streams.app;

import io.clipstream.model.FileProblem;
import io.clipstream.model.UserError;
import io.clipstream.schemas.serde.RegistryException;
import java.io.IOException;
import java.util.concurrent.Callable;

/**
 * What a check of one part found.
 *
 * @param part such as {@code broker} or {@code topic videos.incoming}
 * @param detail one line
 */
public record CheckLine(String part, State state, String detail) {
  /** Whether an instance can run with it. */
  public enum State {
    OK,
    /** It runs, but not as well as it could. */
    WARNING,
    FAILED
  }

  static CheckLine ok(String part, String detail) {
    return new CheckLine(part, State.OK, detail);
  }

  static CheckLine warning(String part, String detail) {
    return new CheckLine(part, State.WARNING, detail);
  }

  static CheckLine failed(String part, String detail) {
    return new CheckLine(part, State.FAILED, detail);
  }

  /** What the check says, or why it failed. */
  static CheckLine of(String part, Callable<String> check) throws InterruptedException {
    try {
      return ok(part, check.call());
    } catch (InterruptedException e) {
      throw e;
    } catch (UserError | RegistryException e) { // These say all that there is to say.
      return failed(part, e.getMessage());
    } catch (IOException e) {
      return failed(part, FileProblem.line(e));
    } catch (Exception e) {
      return failed(part, KafkaProblem.reason(e));
    }
  }
}
