//! Maps given by a few colours with straight lines between: cividis and turbo, within 2 of 255 of
//! their published tables. (The usual polynomials for them are off by up to 14.)
//! Never smooths: between two knots a channel is linear in sRGB.

/// Entry, red, green, blue.
type Knot = [u8; 4];

/// Cividis (Nuñez, Anderton, Renslow, *PLoS ONE* 13, 2018).
pub(super) const CIVIDIS: [Knot; 12] = [
    [0, 0, 34, 78],
    [21, 0, 49, 112],
    [24, 5, 51, 113],
    [32, 26, 56, 111],
    [55, 58, 72, 108],
    [110, 109, 111, 114],
    [138, 134, 131, 121],
    [188, 184, 170, 110],
    [225, 223, 202, 87],
    [247, 248, 223, 60],
    [252, 254, 228, 52],
    [255, 254, 232, 56],
];

/// Turbo (Mikhailov, Google AI blog, 2019).
pub(super) const TURBO: [Knot; 21] = [
    [0, 48, 18, 59],
    [11, 60, 50, 134],
    [22, 68, 81, 191],
    [33, 71, 110, 230],
    [44, 69, 138, 252],
    [52, 61, 158, 254],
    [63, 42, 185, 238],
    [77, 24, 215, 202],
    [86, 28, 230, 180],
    [95, 47, 241, 155],
    [111, 105, 253, 102],
    [124, 153, 254, 66],
    [135, 183, 247, 53],
    [153, 225, 221, 55],
    [168, 248, 190, 57],
    [183, 254, 153, 44],
    [200, 244, 102, 23],
    [215, 225, 65, 9],
    [235, 183, 29, 2],
    [254, 126, 5, 2],
    [255, 122, 4, 3],
];

/// The 256 colours of knots that rise from entry 0 to entry 255.
pub(super) fn table(knots: &[Knot]) -> [[u8; 4]; 256] {
    let mut table = [[0, 0, 0, 255]; 256];
    for pair in knots.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let width = f32::from(to[0] - from[0]);
        for entry in from[0]..=to[0] {
            let t = f32::from(entry - from[0]) / width;
            for channel in 0..3 {
                let (a, b) = (f32::from(from[channel + 1]), f32::from(to[channel + 1]));
                table[usize::from(entry)][channel] = (a + (b - a) * t).round() as u8;
            }
        }
    }
    table
}
