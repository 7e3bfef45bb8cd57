package io.clipstream.streams.outcome;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CorrectionCheckTest {
  @Test
  void shouldRefuseALabelThatNoTrainingCouldUse() {
    Map<String, String> expected =
        Map.of(
            " ",
            "the label is empty, expected the name of one",
            "a\nb",
            "the label is 'a\\u000ab', expected text without control characters",
            "\u001b[31mred",
            "the label is '\\u001b[31mred', expected text without control characters",
            "L".repeat(201),
            "the label has 201 characters, expected at most 200");

    expected.forEach(
        (label, message) ->
            assertThatThrownBy(() -> CorrectionCheck.label(label))
                .isInstanceOf(UserError.class)
                .hasMessage(message));
    assertThatCode(() -> CorrectionCheck.label("a new one, ü")).doesNotThrowAnyException();
  }
}
