package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PickleReaderTest {
  @Test
  void shouldReadWhatTheWriterWrites() throws Exception {
    ScriptTensor weight = ScriptTensor.constant(List.of(2, 1), 1f, 2f);
    ScriptObject child = new ScriptObject("__torch__.Child", Map.of("weight", weight));
    ScriptObject root =
        new ScriptObject("__torch__.Root", Map.of("child", child, "n", -3, "p", 0.1, "b", true));

    ScriptObject read = reader(new PickleWriter().write(root), 8).read();

    assertThat(read.type()).isEqualTo("__torch__.Root");
    assertThat(read.fields()).containsEntry("n", -3L).containsEntry("p", 0.1);
    assertThat(read.fields()).containsEntry("b", true);
    ScriptTensor tensor =
        (ScriptTensor) ((ScriptObject) read.fields().get("child")).fields().get("weight");
    assertThat(tensor.shape()).containsExactly(2, 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cos\\nsystem\\n(X\\4\\0\\0\\0boomtR. | data.pkl asks for os.system, which no module needs
          cbuiltins\\neval\\n.              | data.pkl asks for builtins.eval
          c__builtin__\\nexec\\n.           | data.pkl asks for __builtin__.exec
          ctorch\\nload\\n.                 | data.pkl asks for torch.load
          ctorch._utils\\n_rebuild_tensor_v2\\n)R. | data.pkl asks for torch._utils._rebuild_tensor_v2
          ccollections\\nOrderedDict\\n)\\x81. | data.pkl asks for collections.OrderedDict
          (ios\\nsystem\\n.                 | data.pkl has instruction 0x69, which no module needs
          \\x80\\x06.                       | data.pkl has pickle protocol 6, expected protocol 2 to 5
          \\x80\\x02).                      | data.pkl has a
          .                                 | data.pkl is not a pickle: it takes more than it put
          h\\7.                             | data.pkl refers to 7, which it did not name before
          X\\xff\\xff\\xff\\x7f.            | data.pkl is cut off after 6 bytes
          """)
  void shouldRefuseWhatNoModuleNeeds(String pickle, String message) {
    assertThatThrownBy(() -> reader(unescape(pickle), 0).read())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void shouldRefuseReferencesThatDoubleAtEachLevel() {
    StringBuilder bomb = new StringBuilder("c__torch__\nM\n)\\x81q\\0");
    for (int level = 0; level < 60; level++) {
      bomb.append("c__torch__\nM\n)\\x81}(X\\1\\0\\0\\0ah\\0X\\1\\0\\0\\0bh\\0ubq\\0");
    }
    assertThatThrownBy(() -> reader(unescape(bomb + "."), 0).read())
        .hasMessage("data.pkl nests too deep");
  }

  @Test
  void shouldFailCleanlyOnDamagedPickles() throws Exception {
    ScriptTensor weight = ScriptTensor.constant(List.of(2, 1), 1f, 2f);
    byte[] good =
        new PickleWriter().write(new ScriptObject("__torch__.M", Map.of("weight", weight, "n", 1)));
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      try {
        reader(bad, 8).read();
      } catch (IOException expected) {
        assertThat(expected).hasMessageNotContaining("\n");
      }
    }
  }

  private static PickleReader reader(byte[] pickle, int storageBytes) {
    return new PickleReader(ByteBuffer.wrap(pickle), key -> ByteBuffer.allocate(storageBytes));
  }

  /** Turns {@code \n}, {@code \x81} and {@code \0} to {@code \7} into bytes. */
  private static byte[] unescape(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] bytes = text.getBytes(ISO_8859_1);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '\\') {
        out.write(bytes[i]);
      } else if (bytes[i + 1] == 'x') {
        out.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        out.write(bytes[i + 1] == 'n' ? '\n' : bytes[i + 1] - '0');
        i++;
      }
    }
    return out.toByteArray();
  }
}
