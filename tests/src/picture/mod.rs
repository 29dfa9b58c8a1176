//! Pictures: pixels, and PNG files of them.
//!
//! Never decides that a picture is beautiful: look at every one before it becomes the
//! expected one.

mod compare;
mod expected;

pub use compare::{Comparison, Tolerance};
pub use expected::{expect_picture, expected_folder};

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A pixel: red, green, blue, alpha, as in the file.
pub type Pixel = [u8; 4];

/// A picture of 8-bit RGBA pixels, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    pixels: Vec<Pixel>,
}

impl Picture {
    /// A picture of one colour.
    pub fn filled(width: usize, height: usize, pixel: Pixel) -> Self {
        Self {
            width,
            height,
            pixels: vec![pixel; width * height],
        }
    }

    /// A picture from its bytes, four a pixel.
    pub fn from_rgba(width: usize, height: usize, bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), width * height * 4, "four bytes a pixel");
        let pixels = bytes
            .chunks_exact(4)
            .map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]])
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Reads a PNG; fails the test where there is none.
    #[track_caller]
    pub fn read(path: &Path) -> Self {
        Self::try_read(path)
            .unwrap_or_else(|error| panic!("cannot read the picture {}: {error}", path.display()))
    }

    fn try_read(path: &Path) -> Result<Self, png::DecodingError> {
        let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
        decoder.set_transformations(
            png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
        );
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut bytes)?;
        let bytes = &bytes[..info.buffer_size()];
        let rgba: Vec<u8> = match info.color_type {
            png::ColorType::GrayscaleAlpha => bytes
                .chunks_exact(2)
                .flat_map(|p| [p[0], p[0], p[0], p[1]])
                .collect(),
            _ => bytes.to_vec(),
        };
        Ok(Self::from_rgba(
            info.width as usize,
            info.height as usize,
            &rgba,
        ))
    }

    /// Writes a PNG.
    #[track_caller]
    pub fn write(&self, path: &Path) {
        let write = || -> Result<(), png::EncodingError> {
            let (width, height) = (u32::try_from(self.width), u32::try_from(self.height));
            let mut encoder =
                png::Encoder::new(File::create(path)?, width.unwrap_or(0), height.unwrap_or(0));
            encoder.set_color(png::ColorType::Rgba);
            encoder.set_depth(png::BitDepth::Eight);
            encoder
                .write_header()?
                .write_image_data(self.pixels.as_flattened())
        };
        write().unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// The pixel in column `x` of row `y`.
    pub fn get(&self, x: usize, y: usize) -> Pixel {
        self.pixels[y * self.width + x]
    }

    /// Sets one pixel.
    pub fn set(&mut self, x: usize, y: usize, pixel: Pixel) {
        self.pixels[y * self.width + x] = pixel;
    }

    /// How many different colours it has: a blank picture has one.
    pub fn colours(&self) -> usize {
        let mut colours = self.pixels.clone();
        colours.sort_unstable();
        colours.dedup();
        colours.len()
    }
}

/// A dark picture with a bright vertical line, for the tests of this module.
#[cfg(test)]
fn line(x: usize) -> Picture {
    let mut picture = Picture::filled(40, 40, [10, 20, 30, 255]);
    (0..40).for_each(|y| picture.set(x, y, [200, 100, 0, 255]));
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    #[test]
    fn a_file_comes_back_as_it_was() {
        let place = Place::new();
        let path = place.path("line.png");
        line(3).write(&path);
        assert_eq!(Picture::read(&path), line(3));
        assert_eq!(line(3).colours(), 2);
    }
}
