package io.clipstream.model.checkpoint;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class CheckpointTest {
  /** Up to the arguments of a tensor's storage. */
  private static final String TENSOR =
      "\\x80\\x02}X\\1\\0\\0\\0wctorch._utils\\n_rebuild_tensor_v2\\n(";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "torchvision.pth, TORCH_ZIP",
    "torchvision-legacy.pth, TORCH_LEGACY",
    "paddle.pdparams, PADDLE",
    "paddle-2.pdparams, PADDLE",
    "reference.safetensors, SAFETENSORS"
  })
  void shouldRecogniseFormatsByTheirContents(String name, Checkpoint.Format format)
      throws Exception {
    Path renamed = Files.copy(Fixtures.file(name), folder.resolve("weights.bin"));

    assertThat(Checkpoint.open(renamed).format()).isEqualTo(format);
  }

  @ParameterizedTest
  @ValueSource(strings = {"types.pth", "types-legacy.pth", "types.pdparams"})
  void shouldReadEveryTypeOfElementAndViewsOfStorages(String name) throws Exception {
    Map<String, StoredTensor> tensors = Checkpoint.open(Fixtures.file(name)).tensors();
    JsonNode expected = Fixtures.golden().get("types");

    for (String type : (Iterable<String>) expected::fieldNames) {
      if (type.equals("bfloat16") && name.endsWith(".pdparams")) {
        continue; // NumPy has none
      }
      float[] found = tensors.get(type).weights().toArray();
      assertThat(found).as(type).hasSize(expected.get(type).size());
      for (int i = 0; i < found.length; i++) {
        Float value = number(expected.get(type).get(i).asText());
        assertThat((Float) found[i]).as(type).isEqualTo(value); // equal even where it is no number
      }
    }
    assertThat(tensors.get("float32").shape()).containsExactly(2, 3);
    assertThat(tensors.get("transposed").shape()).containsExactly(6, 4);
    assertThat(tensors.get("int64").integers()).containsExactly(-(1L << 40), 5);
    if (name.endsWith(".pdparams")) {
      assertThat(tensors.get("fortran").shape()).containsExactly(4, 6);
      assertThat(tensors.get("fortran").weights().toArray()[1]).isEqualTo(1);
    }
  }

  private static Float number(String text) {
    return switch (text) {
      case "inf" -> Float.POSITIVE_INFINITY;
      case "nan" -> Float.NaN;
      default -> Float.valueOf(text);
    };
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          \\x80\\x02cos\\nsystem\\nX\\4\\0\\0\\0boom\\x85R. | asks for os.system, which no set of weights needs: refused
          \\x80\\x02cposix\\nsystem\\n.     | asks for posix.system, which
          \\x80\\x02cbuiltins\\neval\\n.    | asks for builtins.eval, which
          \\x80\\x02cbuiltins\\ngetattr\\n. | holds builtins.getattr, expected a dictionary of weights
          \\x80\\x02cargparse\\nNamespace\\n)\\x81. | holds argparse.Namespace, expected a dictionary
          \\x80\\x02ctorch.storage\\n_load_from_bytes\\n. | asks for torch.storage._load_from_bytes, which
          \\x80\\x02cnumpy\\nload\\n.       | asks for numpy.load, which
          \\x80\\x04\\x8c\\x02os\\x8c\\x06system\\x93. | asks for os.system, which
          \\x80\\x02ca\\x1b[2Jb\\nc\\n.     | holds a\\u001b[2Jb.c, expected
          \\x80\\x02(iposix\\nsystem\\n.    | has instruction 0x69, which no set of weights needs
          \\x80\\x02\\x82\\1.               | has instruction 0x82, which
          \\x80\\x06N.                      | has pickle protocol 6, expected protocol 2 to 5
          \\x80\\x02h\\7.                   | refers to 7, which it did not name before
          \\x80\\x02X\\xff\\xff\\xff\\x7f.  | is cut off after 8 bytes
          \\x80\\x02B\\xff\\xff\\xff\\xff.  | is cut off after 8 bytes
          \\x80\\x04\\x8d\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff. | is cut off after 12 bytes
          \\x80\\x02\\x8b\\xff\\xff\\xff\\x7f. | has an integer of 2147483647 bytes
          \\x80\\x02\\x8a\\xff.              | has an integer of 255 bytes, expected at most 32
          \\x80\\x02}(]N\\x86Nu.             | holds no weights, but a key (None)
          \\x80\\x02.                        | is not a pickle
          \\x80\\x02(.                       | is not a pickle
          \\x80\\x02N.                       | holds None, expected a dictionary of weights
          \\x80\\x02}X\\1\\0\\0\\0wK\\1s.    | holds no weights, but w (a number)
          \\x80\\x02N                        | is cut off after 3 bytes
          """)
  void shouldRefusePicklesThatHoldMoreThanWeights(String pickle, String message) throws Exception {
    Path file = write(unescape(pickle));

    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message)
        .hasMessageNotContainingAny("\n", "\u001b");
  }

  @Test
  void shouldRefusePicklesThatCostMoreThanTheyWeigh() throws Exception {
    byte[] deep = new byte[50_000];
    Arrays.fill(deep, (byte) '(');
    deep[0] = (byte) 0x80;
    deep[1] = 2;
    assertThatThrownBy(() -> Checkpoint.open(write(deep))).hasMessageContaining("nests too deep");

    byte[] endless = unescape("\\x80\\x02" + "N0".repeat(3_000_000)); // put, taken away
    assertThatThrownBy(() -> Checkpoint.open(write(endless)))
        .hasMessageContaining("the pickle has more than 5000000 instructions");

    // Lists of ten references to the list before: small to read, endless to walk.
    StringBuilder laughs = new StringBuilder("\\x80\\x02]q\\0");
    for (int level = 0; level < 100; level++) {
      laughs.append("](").append("h\\0".repeat(10)).append("eq\\0");
    }
    assertThatThrownBy(() -> Checkpoint.open(write(unescape(laughs + "."))))
        .hasMessageContaining("holds a list, expected a dictionary of weights");
    String slices = "}U\\x15UnpackBigParamInfor@@}U\\1x}(U\\6slices](h\\0eU\\x0bOriginShape]uss.";
    assertThatThrownBy(() -> Checkpoint.open(write(unescape(laughs + slices))))
        .hasMessage(folder.resolve("file") + ": the slices of x have a list where text belongs");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          K\\0 K\\4\\x85 K\\1\\x85 | has a tensor without a storage
          """)
  void shouldRefuseTensorsWithoutStorages(String arguments, String message) throws Exception {
    Path file =
        write(
            unescape(
                TENSOR
                    + "N"
                    + arguments.replace(" ", "")
                    + "\\x89ccollections\\nOrderedDict\\n)RtRs."));

    assertThatThrownBy(() -> Checkpoint.open(file)).hasMessageContaining(message);
  }

  @Test
  void shouldRefuseViewsBeyondTheirStorage() {
    List<List<Object>> bad =
        List.of(
            List.of(List.of(4), List.of(1L), 1L, 4L),
            List.of(List.of(4), List.of(2L), 0L, 4L),
            List.of(List.of(4), List.of(-1L), 3L, 4L),
            List.of(List.of(4), List.of(1L), -1L, 4L),
            List.of(List.of(2, 2), List.of(Long.MAX_VALUE, 1L), 0L, 4L),
            List.of(List.of(5, 4), List.of(0L, 2L), 0L, 4L),
            List.of(List.of(5, 4), List.of(1L, 0L), 0L, 4L),
            List.of(List.of(4), List.of(1L), Long.MAX_VALUE, 4L),
            List.of(List.of(-1), List.of(1L), 0L, 4L),
            List.of(List.of(1 << 20, 1 << 20), List.of(0L, 0L), 0L, 4L),
            List.of(List.of(4), List.of(), 0L, 4L));
    for (List<Object> view : bad) {
      assertThatThrownBy(
              () ->
                  StoredTensor.view(
                      ElementType.FLOAT32,
                      integers(view.get(0)),
                      longs(view.get(1)),
                      (Long) view.get(2),
                      (Long) view.get(3),
                      () -> ByteBuffer.allocate(16)))
          .as(view.toString())
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("a tensor ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"training.pth", "training-5.pth"})
  void shouldPassOverWhatATrainingLoopNeedsBesideTheWeights(String name) throws Exception {
    Map<String, StoredTensor> reference =
        Checkpoint.open(Fixtures.file("reference.safetensors")).tensors();

    Checkpoint checkpoint = Checkpoint.open(Fixtures.file(name));

    assertThat(checkpoint.others()).containsExactly("model_ema");
    assertThat(checkpoint.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(reference.keySet());
    assertThat(checkpoint.tensors().get("norm.bias").weights().toArray())
        .isEqualTo(reference.get("norm.bias").weights().toArray());
    Checkpoint average = Checkpoint.open(Fixtures.file(name), Optional.of("model_ema"));
    float[] twice = average.tensors().get("module.norm.bias").weights().toArray();
    assertThat(twice[0]).isEqualTo(2 * reference.get("norm.bias").weights().toArray()[0]);
    assertThatThrownBy(() -> Checkpoint.open(Fixtures.file(name), Optional.of("ema")))
        .hasMessageEndingWith("has no weights named ema, expected model, model_ema");
  }

  @Test
  void shouldPutTheFilesOfAnIndexTogether() throws Exception {
    Map<String, StoredTensor> reference =
        Checkpoint.open(Fixtures.file("reference.safetensors")).tensors();

    Checkpoint checkpoint = Checkpoint.open(Fixtures.file("sharded.safetensors.index.json"));

    assertThat(checkpoint.format()).isEqualTo(Checkpoint.Format.SHARDED);
    assertThat(checkpoint.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(reference.keySet());
    for (String weight : reference.keySet()) {
      assertThat(checkpoint.tensors().get(weight).weights().toArray())
          .isEqualTo(reference.get(weight).weights().toArray());
    }
    Path part = Fixtures.file("sharded-00001-of-00002.safetensors");
    assertThatThrownBy(() -> Checkpoint.open(part))
        .hasMessage(
            part
                + ": one of several files of a checkpoint, expected their index, such as"
                + " sharded.safetensors.index.json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"weight_map":{"w":"../w.safetensors"}} | its index names the file ../w.safetensors, expected one in the same folder
          {"weight_map":{"w":"w.safetensors"}}    | w.safetensors, which it names, is not beside it
          {"weight_map":{}}                       | JSON without a weight_map
          {"some": "thing"}                       | JSON without a weight_map
          {broken                                 | begins like JSON, but is none
          """)
  void shouldRefuseIndicesOfNothing(String json, String message) throws Exception {
    Path file = write(json.getBytes(ISO_8859_1));

    assertThatThrownBy(() -> Checkpoint.open(file)).hasMessageStartingWith(file + ": " + message);
  }

  @Test
  void shouldReadWeightsThatAreOneElementSeenOften() throws Exception {
    Map<String, StoredTensor> tensors = Checkpoint.open(Fixtures.file("expanded.pth")).tensors();

    assertThat(tensors.get("norm.weight").weights().toArray()).hasSize(8).containsOnly(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torchvision.pth",
        "torchvision-legacy.pth",
        "paddle.pdparams",
        "paddle-2.pdparams",
        "reference.safetensors"
      })
  void shouldSayInOneLineThatAFileIsDamaged(String name) throws Exception {
    byte[] good = Fixtures.bytes(name);
    Random random = new Random(7);
    for (int i = 0; i < 150; i++) {
      int length = i < 50 ? random.nextInt(good.length) : good.length;
      byte[] bad = Arrays.copyOf(good, length);
      if (i >= 50) {
        bad[random.nextInt(Math.min(bad.length, 4000))] = (byte) random.nextInt(256);
      }
      Path file = write(bad);
      try {
        Checkpoint checkpoint = Checkpoint.open(file);
        assertThat(length).as("cut off and yet read").isEqualTo(good.length);
        for (StoredTensor tensor : checkpoint.tensors().values()) {
          tensor.weights();
        }
      } catch (IOException e) {
        assertThat(e.getMessage()).isNotEmpty().doesNotContain("\n");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                  | holds no tensors
          []                                                                  | not a checkpoint
          {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}              | w lies at bytes 0 to 9, but 8 follow the header: the file is cut off or damaged
          {"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}             | w lies at bytes -8 to 0, expected 0 or more, ascending
          {"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}              | w has 8 bytes, expected 12 for shape [3]
          {"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}             | w has shape [-2], expected whole numbers from 0 to 2147483647
          {"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,8]}}  | w has shape [1099511627776]
          {"w":{"dtype":"F32","shape":[65536,65536],"data_offsets":[0,8]}}    | w: a tensor has shape [65536, 65536], expected fewer than 2^31
          {"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}              | w has type C64, expected one of BF16
          {"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}              | its tensors take 4 bytes, but 8 follow the header
          {"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}              | its tensors overlap or leave a gap at byte 4
          {"w":{"dtype":"F32","shape":[2]}}                                   | w lacks its shape or its two data_offsets
          {"w":{},"w":{}}                                                     | its header is no JSON: Duplicate field
          {"w":                                                               | its header is no JSON
          """)
  void shouldSayWhatIsWrongWithSafetensors(String header, String message) throws Exception {
    byte[] json = header.getBytes(ISO_8859_1);
    ByteBuffer bytes =
        ByteBuffer.allocate(16 + json.length + (header.equals("{}") ? -8 : 0))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    Path file = write(bytes.array());

    assertThatThrownBy(() -> Checkpoint.open(file))
        .hasMessageStartingWith(file + ": " + message)
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1  | 0                | a file of 1 byte, expected a safetensors file, which has at least 10
          8  | 0                | a file of 8 bytes, expected a safetensors file, which has at least 10
          9  | 1                | a file of 9 bytes, expected a safetensors file, which has at least 10
          10 | 3                | its header has 3 bytes, but 2 follow: the file is cut off or damaged
          64 | 57               | its header has 57 bytes, but 56 follow: the file is cut off or damaged
          64 | 1                | its header has 1 bytes, expected 2 to 8388608
          64 | 0                | its header has 0 bytes, expected 2 to 8388608
          64 | 9000000          | its header has 9000000 bytes, expected 2 to 8388608
          64 | 1125899906842624 | no safetensors file: it begins with no length of a header
          64 | -1               | no safetensors file: it begins with no length of a header
          """)
  void shouldSayWhatIsWrongWithAHeaderByTheFilesName(int size, long header, String message)
      throws Exception {
    byte[] length = new byte[8];
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putLong(header);
    Path file = Files.write(folder.resolve("m.safetensors"), Arrays.copyOf(length, size));

    assertThatThrownBy(() -> Checkpoint.open(file)).hasMessage(file + ": " + message);
  }

  @Test
  void shouldNameThePartOfACheckpointThatIsDamaged() throws Exception {
    String index = "sharded.safetensors.index.json";
    String part = "sharded-00002-of-00002.safetensors";
    Files.copy(Fixtures.file(index), folder.resolve(index));
    String first = part.replaceFirst("00002", "00001");
    Files.copy(Fixtures.file(first), folder.resolve(first));
    for (int size : new int[] {0, 5, 100}) {
      Files.write(folder.resolve(part), Arrays.copyOf(Fixtures.bytes(part), size));

      assertThatThrownBy(() -> Checkpoint.open(folder.resolve(index)))
          .hasMessageStartingWith(folder.resolve(index) + ": " + part + ": ");
    }
  }

  @Test
  void shouldSayWhatAFileIsThatIsNoCheckpoint() throws Exception {
    assertThatThrownBy(() -> Checkpoint.open(write(new byte[0]))).hasMessageContaining("empty");
    assertThatThrownBy(() -> Checkpoint.open(write("GIF89a".getBytes(ISO_8859_1))))
        .hasMessageEndingWith("not a checkpoint, expected .pth, .pdparams, .safetensors or .pt");
    assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("not a file");
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("none")))
        .hasMessageContaining("no such file");
    byte[] header = new byte[16];
    header[0] = (byte) 200;
    header[8] = '{';
    assertThatThrownBy(() -> Checkpoint.open(write(header)))
        .hasMessageEndingWith(
            "its header has 200 bytes, but 8 follow: the file is cut off or damaged");
    byte[] large = new byte[(9 << 20) + 8];
    ByteBuffer.wrap(large).order(ByteOrder.LITTLE_ENDIAN).putLong(9 << 20).put((byte) '{');
    assertThatThrownBy(() -> Checkpoint.open(write(large)))
        .hasMessageEndingWith("its header has 9437184 bytes, expected 2 to 8388608");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          version https://git-lfs.github.com/spec/v1\\noid sha256:1\\nsize 2\\n | a Git LFS pointer, not the file itself: run git lfs pull where it comes from
          \\n <!DOCTYPE html><html>      | an HTML page, not the file itself, as a download gives that needs another address or a login
          <HTML lang="en">               | an HTML page, not the file itself, as a download gives that needs another address or a login
          <?xml version="1.0"?><Error/>  | XML text, not the file itself, as a server answers that refuses a download
          \\x1f\\x8b\\x08\\0               | a gzip file, expected what is packed in it: unpack it first
          \\x89HDF\\x0d\\n\\x1a\\n           | an HDF5 file, as Keras and MATLAB write it
          GGUF\\3\\0\\0\\0                  | a GGUF file, as llama.cpp reads it
          \\x93NUMPY\\1\\0                 | one array of NumPy (.npy)
          \\x08\\7\\x12\\7pytorch           | an ONNX model
          /annex/objects/SHA256E-s1--abc.pth | a git-annex pointer, not the file itself: run git annex get where it comes from
          \\x08\\1\\x12\\x90\\2\\3abc        | not a checkpoint, expected .pth, .pdparams, .safetensors or .pt
          ccollections\\nOrderedDict\\n(  | a pickle of protocol 0 or 1, expected a newer one: save it anew
          (dp0\\nVw\\np1\\n              | a pickle of protocol 0 or 1, expected a newer one: save it anew
          }q\\0X\\1                    | a pickle of protocol 0 or 1, expected a newer one: save it anew
          \\x81\\xa6params\\x82            | a file of MessagePack, as Flax writes it
          """)
  void shouldSayWhichKindOfFileIsGivenForACheckpoint(String content, String message)
      throws Exception {
    for (String name : List.of("file", "model.pth")) {
      Path file = Files.write(folder.resolve(name), unescape(content));

      assertThatThrownBy(() -> Checkpoint.open(file)).hasMessage(file + ": " + message);
    }
  }

  /** As one has it who unpacked a checkpoint and packed it anew. */
  @ParameterizedTest
  @ValueSource(strings = {"", "folder/within/"})
  void shouldReadAZipFileWhoseDataIsInNoFolderOrADeepOne(String folderWithin) throws Exception {
    Path original = Fixtures.file("types.pth");
    Path moved = folder.resolve("moved.pth");
    try (ZipFile from = new ZipFile(original.toFile());
        ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(moved))) {
      for (ZipEntry entry : Collections.list(from.entries())) {
        to.putNextEntry(
            new ZipEntry(
                folderWithin + entry.getName().substring(entry.getName().indexOf('/') + 1)));
        to.write(from.getInputStream(entry).readAllBytes());
      }
    }

    Map<String, StoredTensor> expected = Checkpoint.open(original).tensors();
    Map<String, StoredTensor> tensors = Checkpoint.open(moved).tensors();

    assertThat(tensors.keySet()).isEqualTo(expected.keySet());
    for (Map.Entry<String, StoredTensor> e : tensors.entrySet()) {
      assertThat(e.getValue().weights().toArray())
          .isEqualTo(expected.get(e.getKey()).weights().toArray());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a.txt              | it has no data.pkl
          arr_0.npy          | it holds arrays of NumPy, as .npz files do
          deep/weights.pth   | it holds weights.pth: unpack it first
          m.safetensors      | it holds m.safetensors: unpack it first
          """)
  void shouldSayWhatAZipFileHoldsThatIsNoCheckpoint(String entry, String message) throws Exception {
    Path file = folder.resolve("some.pth");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry(entry));
      zip.write(1);
    }

    assertThatThrownBy(() -> Checkpoint.open(file))
        .hasMessage(file + ": a zip file, but no checkpoint of PyTorch: " + message);
  }

  @ParameterizedTest
  @CsvSource({
    "sys_info, 'a tar file, as PyTorch wrote before version 0.2: load it there and save it anew'",
    "a/w.pkl, 'a tar file, expected what is packed in it: unpack it first'"
  })
  void shouldTellATarOfPyTorchFromOthers(String entry, String message) throws Exception {
    byte[] header = new byte[1024];
    System.arraycopy(entry.getBytes(ISO_8859_1), 0, header, 0, entry.length());
    System.arraycopy("ustar".getBytes(ISO_8859_1), 0, header, 257, 5);
    Path file = write(header);

    assertThatThrownBy(() -> Checkpoint.open(file)).hasMessage(file + ": " + message);
  }

  private Path write(byte[] content) throws IOException {
    return Files.write(folder.resolve("file"), content);
  }

  private static List<Integer> integers(Object list) {
    return ((List<?>) list).stream().map(i -> (Integer) i).toList();
  }

  private static List<Long> longs(Object list) {
    return ((List<?>) list).stream().map(i -> (Long) i).toList();
  }

  /** Turns {@code \n}, {@code \x81} and {@code \0} to {@code \7} into bytes. */
  private static byte[] unescape(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        out.write(c);
      } else if (text.charAt(i + 1) == 'x') {
        out.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        out.write(text.charAt(i + 1) == 'n' ? '\n' : text.charAt(i + 1) - '0');
        i++;
      }
    }
    return out.toByteArray();
  }
}
