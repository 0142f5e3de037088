// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Candidate, ICoverage} from "./interfaces/ICoverage.sol";
import {Account} from "./interfaces/IEscrow.sol";
import {IInferenceRequests} from "./interfaces/IInferenceRequests.sol";
import {IModelHub, ReleaseTerms} from "./interfaces/IModelHub.sol";
import {IOperators, Offer, Operator, SignerStatus, Standing} from "./interfaces/IOperators.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {GRAIN} from "./types/Grain.sol";
import {Mode} from "./types/Mode.sol";
import {ReleaseId} from "./types/ReleaseId.sol";

/// @title Coverage
/// @notice Owns nothing and writes nothing: puts together what hub, operators and requests know, and which modes the
/// requests' settlement can back. Trusts all four.
contract Coverage is ICoverage {
    IModelHub public immutable HUB;
    IOperators public immutable OPERATORS;
    IInferenceRequests public immutable REQUESTS;
    IProofSettlement public immutable SETTLEMENT;

    constructor(IModelHub hub, IOperators operators, IInferenceRequests requests) {
        HUB = hub;
        OPERATORS = operators;
        REQUESTS = requests;
        SETTLEMENT = requests.SETTLEMENT();
    }

    /// @inheritdoc ICoverage
    function coverage(
        ReleaseId release,
        Mode mode,
        uint256 offset,
        uint256 limit
    ) external view override returns (Candidate[] memory candidates, uint256 next) {
        ReleaseTerms memory terms = HUB.usableTerms(release);
        uint32[] memory ids = OPERATORS.offering(release, offset, limit);
        next = offset + ids.length;
        if (next >= OPERATORS.offeringCount(release)) next = 0;
        if (terms.modes & mode.bit() == 0 || !SETTLEMENT.isSupported(mode)) return (candidates, next);

        uint256 minimum = OPERATORS.minimumStake();
        if (terms.minStake > minimum) minimum = terms.minStake;
        candidates = new Candidate[](ids.length);
        uint256 count;
        for (uint256 i; i < ids.length; ++i) {
            (Candidate memory candidate, bool qualifies) = _candidate(ids[i], release, mode, minimum);
            if (qualifies) candidates[count++] = candidate;
        }
        assembly ("memory-safe") {
            mstore(candidates, count)
        }
    }

    function _candidate(
        uint32 operatorId,
        ReleaseId release,
        Mode mode,
        uint256 minimum
    ) private view returns (Candidate memory candidate, bool qualifies) {
        Operator memory operator = OPERATORS.operatorOf(operatorId);
        Standing memory standing = OPERATORS.standingOf(operator.signer);
        Offer memory offer = OPERATORS.offerOf(operatorId, release);
        Account memory account = REQUESTS.accountOf(operator.signer);
        uint256 stake = OPERATORS.compactStandingOf(operator.signer).stakeGrains() * GRAIN;
        if (standing.status != SignerStatus.Active || standing.jailed || stake < minimum) {
            return (candidate, false);
        }
        if (offer.modes & mode.bit() == 0 || standing.slots <= account.reservations) return (candidate, false);
        candidate = Candidate({
            operatorId: operatorId,
            signer: operator.signer,
            price: offer.price,
            coverRateBps: offer.coverRateBps,
            stake: stake,
            freeSlots: uint16(standing.slots - account.reservations),
            acceptBudget: account.balance,
            endpointBlock: operator.endpointBlock
        });
        qualifies = true;
    }
}
