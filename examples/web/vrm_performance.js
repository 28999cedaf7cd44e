// A VRM avatar that plays a .vrma of dreamtalk: the part to copy into your own three.js page.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { VRMLoaderPlugin, VRMUtils } from "@pixiv/three-vrm";
import { VRMAnimationLoaderPlugin, VRMLookAtQuaternionProxy, createVRMAnimationClip } from "@pixiv/three-vrm-animation";

// Loads an avatar and an animation. Gives what loadTalkingHead of talking_head.js gives, and
//   eyes       where the eyes are, a THREE.Vector3 in metres
export async function loadVrmPerformance(avatarUrl, animationUrl) {
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMLoaderPlugin(parser));
  loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
  const [avatar, animation] = await Promise.all([avatarUrl, animationUrl].map((url) => loader.loadAsync(url)));
  const vrm = avatar.userData.vrm;
  if (!vrm) throw new Error("There is no VRM avatar in it.");
  const vrma = animation.userData.vrmAnimations?.[0];
  if (!vrma) throw new Error("There is no VRM animation in it.");

  VRMUtils.rotateVRM0(vrm); // avatars of VRM 0 look the other way
  vrm.scene.traverse((object) => { object.frustumCulled = false; });
  if (vrm.lookAt) {
    const gaze = new VRMLookAtQuaternionProxy(vrm.lookAt);
    gaze.name = "gaze";
    vrm.scene.add(gaze);
  }
  const mixer = new THREE.AnimationMixer(vrm.scene);
  const action = mixer.clipAction(createVRMAnimationClip(vrma, vrm));
  action.setLoop(THREE.LoopOnce);
  action.clampWhenFinished = true;
  action.play();

  vrm.scene.updateWorldMatrix(true, true);
  const eyes = new THREE.Vector3();
  if (vrm.lookAt) vrm.lookAt.getLookAtWorldPosition(eyes);
  else vrm.humanoid.getRawBoneNode("head").getWorldPosition(eyes);
  let shown = 0;
  return {
    scene: vrm.scene,
    duration: vrma.duration,
    sound: null,
    eyes,
    show(time) {
      action.paused = false; // LoopOnce pauses at the end, and a paused action does not follow setTime
      mixer.setTime(Math.min(Math.max(time, 0), vrma.duration));
      vrm.update(Math.min(Math.max(time - shown, 0), 0.1)); // hair and cloth swing on by what has passed
      shown = time;
    },
    curves() {
      const names = Object.keys(vrm.expressionManager?.expressionMap ?? {});
      return names.map((name) => [name, vrm.expressionManager.getValue(name)]).sort((a, b) => b[1] - a[1]);
    },
  };
}
