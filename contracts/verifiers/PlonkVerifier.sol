// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blobs} from "../exact/Blobs.sol";
import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {ExactCommitment, IModelHub, KeyOrigin} from "../interfaces/IModelHub.sol";
import {IPlonkVerifier} from "../interfaces/IPlonkVerifier.sol";
import {IProofVerifier, ProofStatement} from "../interfaces/IProofVerifier.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {isPlonk} from "./PlonkEquation.sol";
import {PlonkKey, loadPlonkKey} from "./PlonkKey.sol";
import {PLONK_PROOF_BYTES, PlonkProof} from "./PlonkProof.sol";

/// @title PlonkVerifier
/// @notice Owns which key each release has, written once by anyone from what the hub holds, and which powers of tau
/// keys may rest on, settled at deployment. Has no other role and no money. Trusts `ModelHub` and its blob store.
contract PlonkVerifier is IPlonkVerifier {
    IModelHub public immutable override HUB;
    address private immutable _BLOB_STORE;

    mapping(ReleaseId release => address blob) public override keyOf;
    mapping(bytes32 powers => bool isAccepted) public override isAccepted;

    /// @param powers what keys may rest on; with none no key is admitted
    constructor(IModelHub hub, bytes32[] memory powers) {
        HUB = hub;
        _BLOB_STORE = hub.MACHINE().BLOB_STORE();
        for (uint256 i; i < powers.length; ++i) {
            isAccepted[powers[i]] = true;
            emit PowersAccepted(powers[i]);
        }
    }

    /// @inheritdoc IKeyedVerifier
    function admitKey(ReleaseId release) external override {
        require(keyOf[release] == address(0), KeyAlreadyAdmitted(release));
        ExactCommitment memory exact = HUB.exactCommitmentOf(release);
        require(exact.zkVerifier == address(this), KeyNotCommitted(release, exact.zkVerifier));
        KeyOrigin origin = exact.zkKeyOrigin;
        require(origin == KeyOrigin.Universal, KeyOriginRefused(release, origin, KeyOrigin.Universal));
        address blob = Blobs.addressOf(_BLOB_STORE, exact.zkKeyDigest);
        require(blob.code.length != 0, KeyNotStored(release, exact.zkKeyDigest));
        (PlonkKey key, uint256 length) = loadPlonkKey(blob);
        key.requireSound(length, exact.graphRoot);
        require(isAccepted[key.powersId()], PowersNotAccepted(release, key.powersId()));

        keyOf[release] = blob;
        emit KeyAdmitted(release, exact.zkKeyDigest, origin);
    }

    /// @inheritdoc IProofVerifier
    function verify(ProofStatement calldata statement, bytes calldata proof) external view override returns (bool) {
        require(proof.length == PLONK_PROOF_BYTES, ProofLengthInvalid(proof.length, PLONK_PROOF_BYTES));
        PlonkKey key = _admittedKey(statement.release);
        uint256[] memory signals = _signals(key, statement);
        PlonkProof calldata parts;
        assembly ("memory-safe") {
            parts := proof.offset
        }
        return isPlonk(key, signals, parts);
    }

    /// @inheritdoc IKeyedVerifier
    function signalsOf(ProofStatement calldata statement) external view override returns (uint256[] memory) {
        return _signals(_admittedKey(statement.release), statement);
    }

    function _signals(PlonkKey key, ProofStatement calldata statement) private view returns (uint256[] memory) {
        return key.form().signalsIn(key.form().pack(key.parts(), statement, address(this)));
    }

    function _admittedKey(ReleaseId release) private view returns (PlonkKey key) {
        address blob = keyOf[release];
        require(blob != address(0), KeyNotAdmitted(release));
        (key, ) = loadPlonkKey(blob);
    }
}
