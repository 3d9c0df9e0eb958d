"""Where frames come from: cameras, streams, video files, images, the sample line; and their threads."""
