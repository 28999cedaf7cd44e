// A talking head from a .glb of dreamtalk: the part to copy into your own three.js page.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

// Loads the file and takes its first animation. Gives
//   scene      what you add to your own scene, in metres, y up, the face toward +z
//   duration   seconds
//   sound      the address of the sound that the file names, or null
//   eyes       where the eyes are, a THREE.Vector3 in metres
//   show(t)    poses the head as it is t seconds into the animation
//   curves()   the weights shown now: [[name, 0..1], ...], the strongest first
export async function loadTalkingHead(url) {
  const gltf = await new GLTFLoader().loadAsync(url);
  const clip = gltf.animations[0];
  if (!clip) throw new Error("The file has no animation; export it with dreamtalk as .glb.");

  const mixer = new THREE.AnimationMixer(gltf.scene);
  const action = mixer.clipAction(clip);
  action.setLoop(THREE.LoopOnce);
  action.clampWhenFinished = true;
  action.play();

  let face = null;
  gltf.scene.traverse((object) => {
    object.frustumCulled = false; // morphs move the face out of the box that three.js culls by
    if (!face && object.morphTargetDictionary) face = object;
  });

  const named = gltf.scene.userData.sound; // the scene's extras
  const from = new URL(url, document.baseURI).href; // a picked file's address (blob:) has no neighbours
  return {
    scene: gltf.scene,
    duration: clip.duration,
    sound: named && URL.canParse(named, from) ? new URL(named, from).href : null,
    eyes: new THREE.Vector3(0, 0, 0),
    show(time) {
      action.paused = false; // LoopOnce pauses at the end, and a paused action does not follow setTime
      mixer.setTime(Math.min(Math.max(time, 0), clip.duration));
    },
    curves() {
      if (!face) return [];
      const names = Object.entries(face.morphTargetDictionary);
      return names.map(([name, index]) => [name, face.morphTargetInfluences[index]]).sort((a, b) => b[1] - a[1]);
    },
  };
}
