package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogLevelsTest {
  @ParameterizedTest
  @CsvSource({
    "SERVICE,,INFO,WARN",
    "COMMAND,,WARN,ERROR",
    "COMMAND,INFO,INFO,ERROR",
    "DEBUG,INFO,DEBUG,INFO",
  })
  void shouldSetLevelsOverThoseOfTheFile(
      LogLevels levels, String environment, String own, String kafka) throws Exception {
    LoggerContext context = new LoggerContext();
    JoranConfigurator file = new JoranConfigurator();
    file.setContext(context);
    file.doConfigure(LogLevelsTest.class.getResource("/logback.xml"));

    levels.apply(context, environment);

    assertThat(context.getLogger("io.clipstream.streams").getEffectiveLevel()).hasToString(own);
    assertThat(context.getLogger("org.apache.kafka.clients").getEffectiveLevel())
        .hasToString(kafka);
    context.stop();
  }
}
