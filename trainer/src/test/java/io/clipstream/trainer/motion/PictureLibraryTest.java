package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureLibraryTest {
  @TempDir Path folder;

  @Test
  void shouldDealEveryPictureToOnePart() throws Exception {
    PictureLibrary library = Pictures.library(folder);

    List<Path> dealt = new ArrayList<>();
    for (PictureLibrary.Part part : PictureLibrary.Part.values()) {
      dealt.addAll(library.part(part));
    }

    assertThat(dealt).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(library.files());
  }

  @Test
  void shouldKeepAPictureInItsPartWhateverElseIsThereAndHoweverItIsStored() throws Exception {
    PictureLibrary before = Pictures.library(folder);
    Path test = before.part(PictureLibrary.Part.TEST).get(0);
    String name = test.getFileName().toString().replace(".png", "");
    Files.move(test, folder.resolve(name + ".jpg"));
    Files.writeString(folder.resolve("another.png"), "");

    PictureLibrary after = PictureLibrary.open(folder);

    assertThat(after.part(PictureLibrary.Part.TEST)).contains(folder.resolve(name + ".jpg"));
  }

  @Test
  void shouldSayWhereThePhotographsComeFromWhenThereAreNone() {
    assertThatThrownBy(() -> PictureLibrary.open(folder.resolve("none")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("fetch-photographs");
  }

  @Test
  void shouldReadAPictureAndContinueItByReflection() throws Exception {
    PictureLibrary library = Pictures.library(folder);
    Picture picture = Picture.read(library.files().get(0));

    assertThat(picture.width()).isEqualTo(320);
    assertThat(picture.height()).isEqualTo(240);
    Picture.Sampler sampler = picture.sampler(1);
    assertThat(sampler.at(-3, 20)).isEqualTo(sampler.at(3, 20));
    assertThat(sampler.at(100, 240 + 7)).isEqualTo(sampler.at(100, 240 - 7));
  }
}
