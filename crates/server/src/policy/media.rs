//! What roles publish and get: sizes, rates and layers.

use kulti_protocol::signalling::{PublishParams, SubscribeParams};
use serde_json::{Map, Value, json};

use super::Media;

/// For those who publish. Bit rates are in kbit/s. The layers of the camera are for
/// someone who is shown large (720 lines), for some people side by side (360), and for
/// many (180); the highest stands first, since browsers that know no layers send that.
pub(super) fn publish_params() -> PublishParams {
    PublishParams {
        allowed: [Media::Audio, Media::Video, Media::Screen]
            .map(|media| media.name().to_owned())
            .to_vec(),
        audio: Some(json!({"bitRate": 32, "codec": "opus"})),
        video: Some(
            json!({"bitRate": 1_200, "codec": "vp8", "frameRate": 30, "width": 1280, "height": 720}),
        ),
        screen: Some(
            json!({"bitRate": 1_500, "codec": "vp8", "frameRate": 15, "width": 1920, "height": 1080}),
        ),
        simulcast: object(json!({
            "video": {"layers": [
                {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 1_200, "maxFramerate": 30},
                {"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 400, "maxFramerate": 30},
                {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 120, "maxFramerate": 20},
            ]},
            "screen": {"layers": []},
        })),
    }
}

/// For everybody: what these roles publish.
pub(super) fn subscribe_params(publishers: &[String]) -> SubscribeParams {
    SubscribeParams {
        subscribe_to_roles: publishers.to_vec(),
        max_subs_bit_rate: 8_000,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
