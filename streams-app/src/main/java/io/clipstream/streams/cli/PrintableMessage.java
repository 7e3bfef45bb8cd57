package io.clipstream.streams.cli;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.clipstream.model.Printable;
import java.util.stream.Collectors;

/**
 * The message of a line of the log, {@code %printable} of {@code text.xml}. Keys, names and reasons
 * in it come out of records that anybody may have written: what moves the cursor is escaped, and
 * what follows a line break is set in, so that it is not taken for a line of the log. All threads.
 */
public final class PrintableMessage extends MessageConverter {
  @Override
  public String convert(ILoggingEvent event) {
    return super.convert(event).lines().map(Printable::of).collect(Collectors.joining("\n    "));
  }
}
