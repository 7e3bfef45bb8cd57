package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import org.junit.jupiter.api.Test;

class RemarksTest {
  @Test
  void shouldTellTheFirstOfManyAndHowManyMore() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    Remarks remarks = new Remarks(new Progress(new PrintWriter(said, true)));

    for (int i = 1; i <= 12; i++) {
      remarks.add("video " + i);
    }
    remarks.end("data.json");
    remarks.add("another");
    remarks.end("");

    assertThat(said.toString().lines())
        .hasSize(12)
        .endsWith("video 10", "2 more videos are incomplete, data.json names all", "another");
  }
}
